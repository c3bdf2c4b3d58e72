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
    private const int Rows = 0;
    private const int LastAnswer = 1;
    private const int FailureTime = 2;
    private const int RequestTime = 3;
    private const int QueueTime = 4;
    private const int ComputeTime = 5;
    private const int Loads = 6;
    private const int LoadTime = 7;
    private const int LoadFailures = 8;
    private const int InputTime = 9;
    private const int OutputTime = 10;
    private const int LastLoad = 11;
    private const int CacheHits = 12;
    private const int CacheHitTime = 13;
    private const int CacheMisses = 14;
    private const int CacheMissTime = 15;
    private const int Failures = 16;
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
    private readonly BatchCounters _batches;
    private readonly long[] _bounds;
    private readonly double _frequency;
    private readonly TimeProvider _time;
    private readonly DateTimeOffset _origin;
    private readonly long _originTimestamp;

    public ModelCounters(ModelKey key, TimeProvider time)
    {
        Key = key;
        _time = time;
        // Timestamps become dates from here on, so that the same one is always the same date.
        _origin = time.GetUtcNow();
        _originTimestamp = time.GetTimestamp();
        _frequency = time.TimestampFrequency;
        _batches = new BatchCounters(Stripes, time);
        _bounds = LatencyBuckets.BoundsSeconds.Select(seconds => (long)(seconds * _frequency)).ToArray();
    }

    public ModelKey Key { get; }

    /// <summary>Whether no load ever succeeded.</summary>
    public bool HasNeverLoaded => Sum(Loads) == 0;

    /// <summary>A request was answered by a native call.</summary>
    /// <param name="request">From its arrival to its answer.</param>
    /// <param name="queue">Of these, waiting.</param>
    /// <param name="compute">Of these, in the native call.</param>
    /// <param name="rows">Its rows.</param>
    /// <param name="ended">When it was answered.</param>
    public void Success(long request, long queue, long compute, long rows, long ended)
    {
        var stripe = Stripe() * Stride;
        Add(stripe, Rows, rows);
        Observe(stripe, RequestBuckets, RequestTime, request);
        Observe(stripe, QueueBuckets, QueueTime, queue);
        Observe(stripe, ComputeBuckets, ComputeTime, compute);
        Volatile.Write(ref _cells[stripe + LastAnswer], ended - _originTimestamp);
    }

    /// <summary>What joining inputs and cutting outputs took of an answered request's time.</summary>
    public void Joined(long input, long output)
    {
        var stripe = Stripe() * Stride;
        Add(stripe, InputTime, input);
        Add(stripe, OutputTime, output);
    }

    /// <summary>A request was answered by the response cache.</summary>
    /// <param name="request">From its arrival to its answer.</param>
    /// <param name="lookUp">Of these, looking it up.</param>
    /// <param name="ended">When it was answered.</param>
    public void CacheHit(long request, long lookUp, long ended)
    {
        var stripe = Stripe() * Stride;
        Add(stripe, CacheHits, 1);
        Add(stripe, CacheHitTime, lookUp);
        Observe(stripe, RequestBuckets, RequestTime, request);
        Volatile.Write(ref _cells[stripe + LastAnswer], ended - _originTimestamp);
    }

    /// <summary>A request was answered by the model because the response cache could not.</summary>
    /// <param name="lookUp">Looking it up, which is part of the request's time already.</param>
    /// <param name="keeping">Keeping the answer, which is not.</param>
    public void CacheMiss(long lookUp, long keeping)
    {
        var stripe = Stripe() * Stride;
        Add(stripe, CacheMisses, 1);
        Add(stripe, CacheMissTime, lookUp + keeping);
        Add(stripe, RequestTime, keeping);
    }

    /// <summary>A request failed.</summary>
    public void Failure(ServingError error, long request)
    {
        var stripe = Stripe() * Stride;
        Add(stripe, Failures + (int)error, 1);
        Add(stripe, FailureTime, request);
        Observe(stripe, RequestBuckets, RequestTime, request);
    }

    /// <summary>A native call for one request returned.</summary>
    public void Execution(int rows, long compute) => _batches.Add(Stripe(), rows, 0, compute, 0);

    /// <summary>A native call returned; <paramref name="input"/> and <paramref name="output"/> are joining and cutting.</summary>
    public void Execution(int rows, long input, long compute, long output) => _batches.Add(Stripe(), rows, input, compute, output);

    /// <summary>A load succeeded.</summary>
    public void Loaded(long duration)
    {
        var stripe = Stripe() * Stride;
        Add(stripe, Loads, 1);
        Add(stripe, LoadTime, duration);
        Volatile.Write(ref _cells[LastLoad], duration);
    }

    /// <summary>A load failed.</summary>
    public void LoadFailed() => Add(Stripe() * Stride, LoadFailures, 1);

    public ModelStatistics ToStatistics() => new()
    {
        Succeeded = Succeeded(),
        Failed = Enumerable.Range(Failures, Errors).Sum(Sum),
        Rows = Sum(Rows),
        Executions = _batches.Total(),
        Loads = Sum(Loads),
        SuccessTime = Time(Sum(RequestTime) - Sum(FailureTime)),
        FailureTime = Time(Sum(FailureTime)),
        QueueTime = Time(Sum(QueueTime)),
        InputTime = Time(Sum(InputTime)),
        ComputeTime = Time(Sum(ComputeTime)),
        OutputTime = Time(Sum(OutputTime)),
        CacheHits = Sum(CacheHits),
        CacheHitTime = Time(Sum(CacheHitTime)),
        CacheMisses = Sum(CacheMisses),
        CacheMissTime = Time(Sum(CacheMissTime)),
        LastAnswerAt = LastAnswerTime(),
        Batches = _batches.Read(),
    };

    public ModelMetricsSnapshot ToSnapshot(ModelState state, int queued, int running, long residentBytes) => new()
    {
        Key = Key,
        State = state,
        Succeeded = Succeeded(),
        Failures = Enum.GetValues<ServingError>()
            .Select(error => KeyValuePair.Create(error, Sum(Failures + (int)error)))
            .Where(pair => pair.Value > 0).ToArray(),
        Rows = Sum(Rows),
        Executions = _batches.Total(),
        RequestDuration = Histogram(RequestBuckets, RequestTime),
        QueueDuration = Histogram(QueueBuckets, QueueTime),
        ComputeDuration = Histogram(ComputeBuckets, ComputeTime),
        Queued = queued,
        Running = running,
        ResidentBytes = residentBytes,
        Loads = Sum(Loads),
        LoadFailures = Sum(LoadFailures),
        LoadSeconds = Sum(LoadTime) / _frequency,
        LastLoadSeconds = Volatile.Read(ref _cells[LastLoad]) / _frequency,
        FailureSeconds = Sum(FailureTime) / _frequency,
        InputSeconds = Sum(InputTime) / _frequency,
        OutputSeconds = Sum(OutputTime) / _frequency,
        Cache = new ResponseCacheCounts(Sum(CacheHits), Sum(CacheHitTime) / _frequency, Sum(CacheMisses), Sum(CacheMissTime) / _frequency),
    };

    // Every request that the model answered is in this histogram, and one counter less is one atomic operation less for each of them.
    private long Succeeded()
    {
        var sum = Sum(CacheHits);
        for (var i = 0; i < LatencyBuckets.Count; i++)
            sum += Sum(ComputeBuckets + i);
        return sum;
    }

    private DateTimeOffset? LastAnswerTime()
    {
        var last = 0L;
        for (var stripe = 0; stripe < _cells.Length; stripe += Stride)
            last = Math.Max(last, Volatile.Read(ref _cells[stripe + LastAnswer]));
        return Succeeded() == 0 ? null : _origin + _time.GetElapsedTime(0, last);
    }

    private TimeSpan Time(long duration) => _time.GetElapsedTime(0, duration);

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
            _stripe = 1 + (Interlocked.Increment(ref _threads) & (Stripes - 1));
        return _stripe - 1;
    }
}
