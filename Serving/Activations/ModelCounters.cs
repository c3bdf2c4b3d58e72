using System.Numerics;
using Granary.Serving.Clusters;
using Granary.Serving.Models;

namespace Granary.Serving.Activations;

/// <summary>
/// The counters of one model version. Striped by thread so that cores do not fight for a cache line; a reader sums the stripes.
/// Durations are in units of the time provider's timestamps.
/// </summary>
internal sealed class ModelCounters
{
    private const int Succeeded = 0;
    private const int Rows = 1;
    private const int Executions = 2;
    private const int RequestTime = 3;
    private const int QueueTime = 4;
    private const int ComputeTime = 5;
    private const int Loads = 6;
    private const int LoadTime = 7;
    private const int LoadFailures = 8;
    private const int Failures = 9;
    private static readonly int Errors = Enum.GetValues<ServingError>().Length;
    private static readonly int RequestBuckets = Failures + Errors;
    private static readonly int QueueBuckets = RequestBuckets + LatencyBuckets.Count;
    private static readonly int ComputeBuckets = QueueBuckets + LatencyBuckets.Count;
    private static readonly int Cells = ComputeBuckets + LatencyBuckets.Count;
    // Whole cache lines (8 longs) and one to spare, so that stripes never share one.
    private static readonly int Stride = ((Cells + 7) / 8 * 8) + 8;
    private static readonly int Stripes = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Clamp(Environment.ProcessorCount, 1, 16));
    private static int _threads;

    [ThreadStatic]
    private static int _stripe;

    private readonly long[] _cells = new long[Stride * Stripes];
    private readonly long[] _bounds;
    private readonly double _frequency;

    public ModelCounters(ModelKey key, TimeProvider time)
    {
        Key = key;
        _frequency = time.TimestampFrequency;
        _bounds = LatencyBuckets.BoundsSeconds.Select(seconds => (long)(seconds * _frequency)).ToArray();
    }

    public ModelKey Key { get; }

    /// <summary>A request was answered.</summary>
    public void Success(long request, long queue, long compute, long rows)
    {
        var stripe = Stripe();
        Add(stripe, Succeeded, 1);
        Add(stripe, Rows, rows);
        Observe(stripe, RequestBuckets, RequestTime, request);
        Observe(stripe, QueueBuckets, QueueTime, queue);
        Observe(stripe, ComputeBuckets, ComputeTime, compute);
    }

    /// <summary>A request failed.</summary>
    public void Failure(ServingError error, long request)
    {
        var stripe = Stripe();
        Add(stripe, Failures + (int)error, 1);
        Observe(stripe, RequestBuckets, RequestTime, request);
    }

    /// <summary>A native call was made.</summary>
    public void Execution() => Add(Stripe(), Executions, 1);

    /// <summary>A load succeeded.</summary>
    public void Loaded(long duration)
    {
        var stripe = Stripe();
        Add(stripe, Loads, 1);
        Add(stripe, LoadTime, duration);
    }

    /// <summary>A load failed.</summary>
    public void LoadFailed() => Add(Stripe(), LoadFailures, 1);

    public ModelStatistics ToStatistics() => new()
    {
        Succeeded = Sum(Succeeded),
        Failed = Enumerable.Range(Failures, Errors).Sum(Sum),
        Rows = Sum(Rows),
        Executions = Sum(Executions),
        Loads = Sum(Loads),
        QueueTime = TimeSpan.FromSeconds(Sum(QueueTime) / _frequency),
        ComputeTime = TimeSpan.FromSeconds(Sum(ComputeTime) / _frequency),
    };

    public ModelMetricsSnapshot ToSnapshot(ModelState state, int queued, int running, long residentBytes) => new()
    {
        Key = Key,
        State = state,
        Succeeded = Sum(Succeeded),
        Failures = Enum.GetValues<ServingError>()
            .Select(error => KeyValuePair.Create(error, Sum(Failures + (int)error)))
            .Where(pair => pair.Value > 0).ToArray(),
        Rows = Sum(Rows),
        Executions = Sum(Executions),
        RequestDuration = Histogram(RequestBuckets, RequestTime),
        QueueDuration = Histogram(QueueBuckets, QueueTime),
        ComputeDuration = Histogram(ComputeBuckets, ComputeTime),
        Queued = queued,
        Running = running,
        ResidentBytes = residentBytes,
        Loads = Sum(Loads),
        LoadFailures = Sum(LoadFailures),
        LoadSeconds = Sum(LoadTime) / _frequency,
    };

    private HistogramSnapshot Histogram(int firstBucket, int sum)
    {
        var counts = new long[LatencyBuckets.Count];
        for (var i = 0; i < counts.Length; i++)
            counts[i] = Sum(firstBucket + i);
        return new HistogramSnapshot(LatencyBuckets.BoundsSeconds, counts, Sum(sum) / _frequency, counts.Sum());
    }

    private void Observe(int stripe, int firstBucket, int sum, long duration)
    {
        var bounds = _bounds;
        var bucket = 0;
        while (bucket < bounds.Length && duration > bounds[bucket])
            bucket++;
        Add(stripe, firstBucket + bucket, 1);
        if (duration != 0)
            Add(stripe, sum, duration);
    }

    private void Add(int stripe, int cell, long amount) => Interlocked.Add(ref _cells[stripe + cell], amount);

    private long Sum(int cell)
    {
        long sum = 0;
        for (var stripe = 0; stripe < _cells.Length; stripe += Stride)
            sum += Volatile.Read(ref _cells[stripe + cell]);
        return sum;
    }

    private static int Stripe()
    {
        // Zero means that the thread has none yet.
        if (_stripe == 0)
            _stripe = 1 + ((Interlocked.Increment(ref _threads) & (Stripes - 1)) * Stride);
        return _stripe - 1;
    }
}
