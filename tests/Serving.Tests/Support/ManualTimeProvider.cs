namespace Granary.Serving.Tests.Support;

/// <summary>Time that moves only when the test says so. Timers fire inside <see cref="Advance"/>, in order.</summary>
internal sealed class ManualTimeProvider : TimeProvider
{
    private readonly Lock _lock = new();
    private readonly List<ManualTimer> _timers = [];
    private readonly List<(Func<TimeSpan, bool> Wanted, TaskCompletionSource Found)> _waits = [];
    private DateTimeOffset _now = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow()
    {
        lock (_lock)
            return _now;
    }

    public override long GetTimestamp() => GetUtcNow().Ticks;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new ManualTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Completes when a timer is set that fires after a delay of that kind (or at once when there is one).</summary>
    public Task WaitForTimerAsync(Func<TimeSpan, bool> delay)
    {
        lock (_lock)
        {
            if (_timers.Any(timer => delay(timer.Due!.Value - _now)))
                return Task.CompletedTask;
            var found = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waits.Add((delay, found));
            return found.Task;
        }
    }

    public void Advance(TimeSpan by)
    {
        var until = GetUtcNow() + by;
        while (NextDue(until) is { } timer)
            timer.Fire();
        lock (_lock)
            _now = until;
    }

    private ManualTimer? NextDue(DateTimeOffset until)
    {
        lock (_lock)
        {
            var timer = _timers.Where(timer => timer.Due <= until).MinBy(static timer => timer.Due);
            if (timer is null)
                return null;
            _now = timer.Due > _now ? timer.Due.Value : _now;
            timer.Due = timer.Period > TimeSpan.Zero ? _now + timer.Period : null;
            if (timer.Due is null)
                _timers.Remove(timer);
            return timer;
        }
    }

    private sealed class ManualTimer(ManualTimeProvider owner, TimerCallback callback, object? state) : ITimer
    {
        public DateTimeOffset? Due { get; set; }

        public TimeSpan Period { get; private set; }

        public void Fire() => callback(state);

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (owner._lock)
            {
                owner._timers.Remove(this);
                Period = period;
                Due = dueTime < TimeSpan.Zero ? null : owner._now + dueTime;
                if (Due is null)
                    return true;
                owner._timers.Add(this);
                foreach (var wait in owner._waits.Where(wait => wait.Wanted(dueTime)).ToList())
                {
                    owner._waits.Remove(wait);
                    wait.Found.SetResult();
                }
            }

            return true;
        }

        public void Dispose() => Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return default;
        }
    }
}
