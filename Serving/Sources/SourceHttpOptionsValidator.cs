using Microsoft.Extensions.Options;

namespace Granary.Serving.Sources;

internal sealed class SourceHttpOptionsValidator : IValidateOptions<SourceHttpOptions>
{
    public ValidateOptionsResult Validate(string? name, SourceHttpOptions options)
    {
        var faults = new List<string>();
        CheckPositive(nameof(options.ConnectTimeout), options.ConnectTimeout, faults);
        CheckPositive(nameof(options.ResponseTimeout), options.ResponseTimeout, faults);
        CheckPositive(nameof(options.FirstRetryDelay), options.FirstRetryDelay, faults);
        CheckPositive(nameof(options.MaxRetryDelay), options.MaxRetryDelay, faults);
        if (options.MaxAttempts is < 1 or > 100)
            faults.Add($"{SourceHttpOptions.SectionName}:MaxAttempts is {options.MaxAttempts}; it must be 1 to 100");
        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }

    private static void CheckPositive(string name, TimeSpan value, List<string> faults)
    {
        if (value <= TimeSpan.Zero || value > TimeSpan.FromDays(1))
            faults.Add($"{SourceHttpOptions.SectionName}:{name} is {value}; it must be more than 0 and at most 1 day");
    }
}
