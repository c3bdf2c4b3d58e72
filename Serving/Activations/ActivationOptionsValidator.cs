using Microsoft.Extensions.Options;

namespace Granary.Serving.Activations;

/// <summary>Checks <see cref="ActivationOptions"/> at start.</summary>
internal sealed class ActivationOptionsValidator : IValidateOptions<ActivationOptions>
{
    public ValidateOptionsResult Validate(string? name, ActivationOptions options)
    {
        var faults = new List<string>();
        Check(faults, options.InlineBelow >= TimeSpan.Zero, nameof(options.InlineBelow), options.InlineBelow, "not be negative");
        Check(faults, options.InferenceThreads is >= 0 and <= 1024, nameof(options.InferenceThreads), options.InferenceThreads, "be between 0 and 1024");
        Check(faults, options.WarmUpCalls is >= 3 and <= 1000, nameof(options.WarmUpCalls), options.WarmUpCalls, "be between 3 and 1000");
        Check(faults, options.DefaultIdleTimeout > TimeSpan.Zero || options.DefaultIdleTimeout == Timeout.InfiniteTimeSpan, nameof(options.DefaultIdleTimeout), options.DefaultIdleTimeout, "be positive, or -00:00:00.001 for never");
        Check(faults, options.IdleCheckInterval >= TimeSpan.FromMilliseconds(10), nameof(options.IdleCheckInterval), options.IdleCheckInterval, "be at least 10 ms");
        Check(faults, options.LoadBackoff >= TimeSpan.Zero, nameof(options.LoadBackoff), options.LoadBackoff, "not be negative");
        Check(faults, options.MaxLoadBackoff >= options.LoadBackoff, nameof(options.MaxLoadBackoff), options.MaxLoadBackoff, $"be at least {nameof(options.LoadBackoff)}");
        Check(faults, options.MaxConcurrentLoads > 0, nameof(options.MaxConcurrentLoads), options.MaxConcurrentLoads, "be positive");
        Check(faults, options.MaxPendingLoads >= options.MaxConcurrentLoads, nameof(options.MaxPendingLoads), options.MaxPendingLoads, $"be at least {nameof(options.MaxConcurrentLoads)}");
        Check(faults, options.MaxRememberedModels > 0, nameof(options.MaxRememberedModels), options.MaxRememberedModels, "be positive");
        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }

    private static void Check(List<string> faults, bool holds, string name, object actual, string rule)
    {
        if (!holds)
            faults.Add($"{ActivationOptions.SectionName}:{name} is {actual}; it must {rule}");
    }
}
