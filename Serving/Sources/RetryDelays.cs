namespace Granary.Serving.Sources;

/// <summary>Exponential back-off with jitter: between half and all of a delay that doubles up to a limit.</summary>
internal static class RetryDelays
{
    /// <summary>The delay after a number of failures, at least 1.</summary>
    public static TimeSpan After(int failures, TimeSpan first, TimeSpan longest)
    {
        var full = Math.Min(longest.TotalSeconds, first.TotalSeconds * Math.Pow(2, Math.Min(failures - 1, 30)));
        return TimeSpan.FromSeconds(full * (0.5 + (0.5 * Random.Shared.NextDouble())));
    }
}
