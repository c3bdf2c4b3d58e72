using Microsoft.Extensions.Options;

namespace Granary.Serving.Weights;

internal sealed class WeightsStoreOptionsValidator : IValidateOptions<WeightsStoreOptions>
{
    private const string Section = WeightsStoreOptions.SectionName;

    public ValidateOptionsResult Validate(string? name, WeightsStoreOptions options)
    {
        var faults = new List<string>();
        if (string.IsNullOrWhiteSpace(options.Directory))
            faults.Add($"{Section}:Directory is empty; name a directory for the weights");
        if (options.MaxStoreBytes < 0)
            faults.Add($"{Section}:MaxStoreBytes is {options.MaxStoreBytes}; it must be 0 (no limit) or more");
        if (options.MinFreeBytes < 0)
            faults.Add($"{Section}:MinFreeBytes is {options.MinFreeBytes}; it must be 0 or more");
        if (options.MaxAttempts is < 1 or > 100)
            faults.Add($"{Section}:MaxAttempts is {options.MaxAttempts}; it must be 1 to 100");
        CheckPositive(nameof(options.StallTimeout), options.StallTimeout, faults);
        CheckPositive(nameof(options.FirstRetryDelay), options.FirstRetryDelay, faults);
        CheckPositive(nameof(options.PartialLifetime), options.PartialLifetime, faults);
        CheckPositive(nameof(options.ProgressInterval), options.ProgressInterval, faults);
        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }

    private static void CheckPositive(string name, TimeSpan value, List<string> faults)
    {
        if (value <= TimeSpan.Zero)
            faults.Add($"{Section}:{name} is {value}; it must be more than 0");
    }
}
