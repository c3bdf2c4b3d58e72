namespace Granary.Serving.Clusters;

/// <summary>Counters of one model version; they survive unload and reload within one process.</summary>
public sealed record ModelStatistics
{
    /// <summary>Requests that were answered.</summary>
    public long Succeeded { get; init; }

    /// <summary>Requests that failed.</summary>
    public long Failed { get; init; }

    /// <summary>Rows run: a request without a batch dimension counts one.</summary>
    public long Rows { get; init; }

    /// <summary>Native calls made; fewer than requests when batching joins them.</summary>
    public long Executions { get; init; }

    /// <summary>Loads that succeeded.</summary>
    public long Loads { get; init; }

    /// <summary>Sum over the answered requests of the time from arrival to answer.</summary>
    public TimeSpan SuccessTime { get; init; }

    /// <summary>Sum over the failed requests of the time from arrival to error.</summary>
    public TimeSpan FailureTime { get; init; }

    /// <summary>Sum of time spent waiting. This and the next three count a batch once for each of its requests, and no cache hits.</summary>
    public TimeSpan QueueTime { get; init; }

    /// <summary>Sum of time spent copying inputs together.</summary>
    public TimeSpan InputTime { get; init; }

    /// <summary>Sum of time spent in native calls.</summary>
    public TimeSpan ComputeTime { get; init; }

    /// <summary>Sum of time spent cutting outputs into those of the requests.</summary>
    public TimeSpan OutputTime { get; init; }

    /// <summary>
    /// Requests answered by the response cache: among <see cref="Succeeded"/>, not among <see cref="Rows"/> and <see cref="Executions"/>. This
    /// and the next three are 0 without a cache.
    /// </summary>
    public long CacheHits { get; init; }

    /// <summary>Sum of the time of those look-ups.</summary>
    public TimeSpan CacheHitTime { get; init; }

    /// <summary>Requests that the model answered because the response cache could not.</summary>
    public long CacheMisses { get; init; }

    /// <summary>Sum of the time of those look-ups and of keeping their answers.</summary>
    public TimeSpan CacheMissTime { get; init; }

    /// <summary>When the last request was answered; null when none was.</summary>
    public DateTimeOffset? LastAnswerAt { get; init; }

    /// <summary>Native calls by their rows, ascending; up to 4,096 rows, larger calls are only among <see cref="Executions"/>.</summary>
    public IReadOnlyList<BatchStatistics> Batches { get; init; } = [];

    /// <summary>The counters of several activations of one version together.</summary>
    public static ModelStatistics Sum(IReadOnlyCollection<ModelStatistics> all)
    {
        long Count(Func<ModelStatistics, long> of) => all.Sum(of);
        TimeSpan Time(Func<ModelStatistics, TimeSpan> of) => new(all.Sum(one => of(one).Ticks));
        return new ModelStatistics
        {
            Succeeded = Count(static one => one.Succeeded),
            Failed = Count(static one => one.Failed),
            Rows = Count(static one => one.Rows),
            Executions = Count(static one => one.Executions),
            Loads = Count(static one => one.Loads),
            SuccessTime = Time(static one => one.SuccessTime),
            FailureTime = Time(static one => one.FailureTime),
            QueueTime = Time(static one => one.QueueTime),
            InputTime = Time(static one => one.InputTime),
            ComputeTime = Time(static one => one.ComputeTime),
            OutputTime = Time(static one => one.OutputTime),
            CacheHits = Count(static one => one.CacheHits),
            CacheHitTime = Time(static one => one.CacheHitTime),
            CacheMisses = Count(static one => one.CacheMisses),
            CacheMissTime = Time(static one => one.CacheMissTime),
            LastAnswerAt = all.Max(static one => one.LastAnswerAt),
            Batches = BatchStatistics.Sum(all.SelectMany(static one => one.Batches)),
        };
    }
}
