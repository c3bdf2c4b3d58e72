using Microsoft.Extensions.Options;

namespace Granary.Api.Security;

/// <summary>Finds what is wrong with <see cref="SecurityOptions"/> at start.</summary>
internal sealed class SecurityOptionsValidator : IValidateOptions<SecurityOptions>
{
    public ValidateOptionsResult Validate(string? name, SecurityOptions options) =>
        options.Bearer is { } bearer && BearerKey.Fault(bearer) is { } fault
            ? ValidateOptionsResult.Fail($"{SecurityOptions.SectionName}:{nameof(SecurityOptions.Bearer)} {fault}")
            : ValidateOptionsResult.Success;
}
