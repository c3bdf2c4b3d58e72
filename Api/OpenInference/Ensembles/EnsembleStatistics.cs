using System.Collections.Concurrent;
using Granary.Serving.Clusters;
using Granary.Serving.Models;

namespace Granary.Api.OpenInference.Ensembles;

/// <summary>Counters of ensembles, which no activation keeps. Times of queue and computation are the sums over their models.</summary>
internal sealed class EnsembleStatistics(TimeProvider time)
{
    private readonly ConcurrentDictionary<ModelKey, Counters> _counters = new();

    /// <summary>The counters of a version; zeros when it never ran.</summary>
    public ModelStatistics Of(ModelKey key) => _counters.TryGetValue(key, out var counters) ? counters.Read() : new ModelStatistics();

    /// <summary>Counts an answer.</summary>
    public void Succeed(ModelKey key, long rows, TimeSpan duration, InferenceTiming timing) =>
        _counters.GetOrAdd(key, static _ => new Counters()).Succeed(rows, duration, timing, time.GetUtcNow());

    /// <summary>Counts a failure.</summary>
    public void Fail(ModelKey key, TimeSpan duration) => _counters.GetOrAdd(key, static _ => new Counters()).Fail(duration);

    private sealed class Counters
    {
        private readonly Lock _sync = new();
        private ModelStatistics _sum = new();

        public ModelStatistics Read()
        {
            lock (_sync)
                return _sum;
        }

        public void Succeed(long rows, TimeSpan duration, InferenceTiming timing, DateTimeOffset now)
        {
            lock (_sync)
            {
                _sum = _sum with
                {
                    Succeeded = _sum.Succeeded + 1,
                    Rows = _sum.Rows + rows,
                    Executions = _sum.Executions + 1,
                    SuccessTime = _sum.SuccessTime + duration,
                    QueueTime = _sum.QueueTime + timing.Queue,
                    ComputeTime = _sum.ComputeTime + timing.Compute,
                    LastAnswerAt = now,
                };
            }
        }

        public void Fail(TimeSpan duration)
        {
            lock (_sync)
                _sum = _sum with { Failed = _sum.Failed + 1, FailureTime = _sum.FailureTime + duration };
        }
    }
}
