namespace Granary.Serving.Models;

/// <summary>How the rows of concurrent requests are joined into one call.</summary>
public sealed record BatchingOptions
{
    /// <summary>Most rows of one call. Default 0: requests are never joined.</summary>
    public int MaxBatchSize { get; init; }

    /// <summary>How long the oldest request may wait for company. Default zero: only what piled up is joined.</summary>
    public TimeSpan MaxQueueDelay { get; init; }
}
