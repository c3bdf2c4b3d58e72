using Microsoft.Extensions.Options;

namespace Granary.Api.Security;

/// <summary>Finds what is wrong with <see cref="RestrictionOptions"/> at start.</summary>
internal sealed class RestrictionOptionsValidator : IValidateOptions<RestrictionOptions>
{
    public ValidateOptionsResult Validate(string? name, RestrictionOptions options)
    {
        var faults = Faults(nameof(options.HttpApis), options.HttpApis).Concat(Faults(nameof(options.GrpcProtocols), options.GrpcProtocols)).ToList();
        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }

    private static IEnumerable<string> Faults(string property, IEnumerable<string> entries) =>
        ApiRestrictions.Faults(entries).Select(fault => $"{RestrictionOptions.SectionName}:{property} {fault}");
}
