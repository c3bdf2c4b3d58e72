using Microsoft.Extensions.Options;

namespace Granary.Grains.Interfaces.Clusters;

/// <summary>All faults at once.</summary>
internal sealed class OrleansClusterOptionsValidator : IValidateOptions<OrleansClusterOptions>
{
    public ValidateOptionsResult Validate(string? name, OrleansClusterOptions options)
    {
        var faults = new List<string>();
        if (options.RetryFor < TimeSpan.Zero)
            faults.Add($"{OrleansClusterOptions.SectionName}:{nameof(options.RetryFor)} is {options.RetryFor}; it must not be negative");
        if (options.RetryDelay <= TimeSpan.Zero)
            faults.Add($"{OrleansClusterOptions.SectionName}:{nameof(options.RetryDelay)} is {options.RetryDelay}; it must be positive");
        if (options.RefreshPeriod < TimeSpan.FromMilliseconds(50))
            faults.Add($"{OrleansClusterOptions.SectionName}:{nameof(options.RefreshPeriod)} is {options.RefreshPeriod}; it must be at least 50 ms");
        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }
}
