namespace Granary.Serving.Weights;

internal sealed class WeightsCounters : IWeightsStatistics
{
    private long _hits;
    private long _misses;
    private long _downloadedBytes;
    private long _resumes;
    private long _failures;
    private long _evictions;

    public void Hit() => Interlocked.Increment(ref _hits);

    public void Missed() => Interlocked.Increment(ref _misses);

    public void Downloaded(long bytes) => Interlocked.Add(ref _downloadedBytes, bytes);

    public void Resumed() => Interlocked.Increment(ref _resumes);

    public void Failed() => Interlocked.Increment(ref _failures);

    public void Evicted() => Interlocked.Increment(ref _evictions);

    public WeightsStatistics Snapshot() => new(
        Interlocked.Read(ref _hits), Interlocked.Read(ref _misses), Interlocked.Read(ref _downloadedBytes),
        Interlocked.Read(ref _resumes), Interlocked.Read(ref _failures), Interlocked.Read(ref _evictions));
}
