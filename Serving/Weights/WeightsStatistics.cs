namespace Granary.Serving.Weights;

/// <summary>What the store did since the process started.</summary>
/// <param name="Hits">Fetches that found the file there; callers who want the same file at the same time count once.</param>
/// <param name="Misses">Fetches that had to download.</param>
/// <param name="DownloadedBytes">Bytes that came over the network, lost and discarded ones included.</param>
/// <param name="Resumes">Downloads that went on where an earlier one had stopped.</param>
/// <param name="Failures">Fetches that failed.</param>
/// <param name="Evictions">Files deleted to make room.</param>
public readonly record struct WeightsStatistics(
    long Hits, long Misses, long DownloadedBytes, long Resumes, long Failures, long Evictions);
