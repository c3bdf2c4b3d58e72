using Granary.Api.Security;
using Microsoft.Extensions.Options;

namespace Granary.Api.Admin;

/// <summary>Finds everything that is wrong with <see cref="AdminOptions"/> at start.</summary>
internal sealed class AdminOptionsValidator : IValidateOptions<AdminOptions>
{
    public ValidateOptionsResult Validate(string? name, AdminOptions options)
    {
        List<string> faults = [];
        if (options.Key is { } key && BearerKey.Fault(key) is { } fault)
            faults.Add($"{AdminOptions.SectionName}:{nameof(AdminOptions.Key)} {fault}");
        if (!string.IsNullOrEmpty(options.Bind) && AdminListener.Parse(options.Bind) is null)
            faults.Add($"{AdminOptions.SectionName}:{nameof(AdminOptions.Bind)} is '{options.Bind}'; expected HOST:PORT with an IP address, 'localhost' or '*' and a port from 0 to 65535");
        if (options.MaxBodyBytes <= 0)
            faults.Add($"{AdminOptions.SectionName}:{nameof(AdminOptions.MaxBodyBytes)} is {options.MaxBodyBytes}; expected at least 1");
        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }
}
