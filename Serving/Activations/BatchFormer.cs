using Granary.Serving.Models;

namespace Granary.Serving.Activations;

/// <summary>
/// Decides which of the waiting calls run together and when: the rules of Triton's dynamic batcher. Source:
/// docs/user_guide/batcher.md of triton-inference-server/server.
/// </summary>
internal sealed class BatchFormer
{
    private readonly int[] _preferred;
    private readonly int _maxPreferred;
    private readonly long _delay;

    public BatchFormer(BatchingOptions options, TimeProvider time)
    {
        _preferred = [.. options.PreferredSizes.Where(size => size <= options.MaxBatchSize)];
        _maxPreferred = _preferred.Length > 0 ? _preferred.Max() : options.MaxBatchSize;
        _delay = options.MaxBatchSize > 1 ? ToTimestamp(options.MaxQueueDelay, time) : 0;
    }

    /// <summary>Whether calls may wait for company while an instance is free.</summary>
    public bool Waits => _delay > 0;

    /// <summary>A duration in units of timestamps; half of the longest at most, so that it can be added to one.</summary>
    public static long ToTimestamp(TimeSpan duration, TimeProvider time) =>
        (long)Int128.Min((Int128)duration.Ticks * time.TimestampFrequency / TimeSpan.TicksPerSecond, long.MaxValue / 2);

    /// <summary>The next batch: from the first call on, as long as rows fit and inputs match; never a part of a call.</summary>
    /// <param name="queue">Who waits.</param>
    /// <param name="maxRows">Most rows of a batch; at most 1 when calls are not joined.</param>
    /// <param name="now">The time as a timestamp.</param>
    public BatchPlan Plan(CallQueue queue, int maxRows, long now)
    {
        if (queue.Next(null, now) is not { } first)
            return default;
        if (maxRows <= 1 || first.Rows == 0)
            return new BatchPlan(1, first.Rows, 0);
        var (calls, rows) = (0, 0);
        var best = default(BatchPlan);
        var oldest = long.MaxValue;
        var nextLate = long.MaxValue;
        var complete = false;
        for (var call = first; call is not null && !complete; call = queue.Next(call, now))
        {
            if (calls > 0)
            {
                // No preferred size can be reached any more.
                if (best.Calls == 0 && rows + call.Rows > _maxPreferred)
                    best = new BatchPlan(calls, rows, 0);
                if (rows + call.Rows > maxRows || !BatchJoiner.Match(first, call))
                {
                    complete = true;
                    break;
                }
            }

            calls++;
            rows += call.Rows;
            complete = rows >= maxRows;
            oldest = Math.Min(oldest, call.Queued);
            if (!call.IsLate)
                nextLate = Math.Min(nextLate, call.LateFrom);
            if (_preferred.AsSpan().Contains(rows))
                best = new BatchPlan(calls, rows, 0);
        }

        var age = now - oldest;
        if (best.Calls > 0 && (_delay == 0 || age < _delay))
            return best;
        if (complete || rows >= _maxPreferred || age >= _delay)
            return new BatchPlan(calls, rows, 0);
        return new BatchPlan(calls, rows, Math.Min(_delay - age, Math.Max(1, nextLate - now)));
    }
}
