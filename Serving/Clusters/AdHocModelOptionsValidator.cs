using Granary.Serving.Formats;
using Microsoft.Extensions.Options;

namespace Granary.Serving.Clusters;

/// <summary>Checks <see cref="AdHocModelOptions"/> at start.</summary>
internal sealed class AdHocModelOptionsValidator : IValidateOptions<AdHocModelOptions>
{
    public ValidateOptionsResult Validate(string? name, AdHocModelOptions options)
    {
        var faults = new List<string>();
        if (!DeviceNames.IsValid(options.Device))
            faults.Add($"{AdHocModelOptions.SectionName}:{nameof(options.Device)} is '{options.Device}'; it must be auto, cpu, cuda or cuda:N");
        if (options.Instances < 0)
            faults.Add($"{AdHocModelOptions.SectionName}:{nameof(options.Instances)} is {options.Instances}; it must not be negative");
        if (options.MaxQueueSize < 0)
            faults.Add($"{AdHocModelOptions.SectionName}:{nameof(options.MaxQueueSize)} is {options.MaxQueueSize}; it must not be negative");
        if (options.IdleTimeout <= TimeSpan.Zero && options.IdleTimeout != Timeout.InfiniteTimeSpan)
            faults.Add($"{AdHocModelOptions.SectionName}:{nameof(options.IdleTimeout)} is {options.IdleTimeout}; it must be positive, or -00:00:00.001 for never");
        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }
}
