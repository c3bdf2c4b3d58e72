using System.Threading.Channels;

namespace Granary.Api.Tests.Support;

/// <summary>Time that passes only when a test says so, one timer after the other; a test waits for the timer, never for time.</summary>
internal sealed class StepTimeProvider : TimeProvider
{
    private readonly Channel<(TimeSpan Due, Action Fire)> _timers = Channel.CreateUnbounded<(TimeSpan, Action)>();

    /// <summary>Waits until somebody waits.</summary>
    public async Task WaitForTimerAsync() => Assert.True(await _timers.Reader.WaitToReadAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(30)));

    /// <summary>Waits for the next timer, lets it elapse and tells how long it was.</summary>
    public async Task<TimeSpan> StepAsync()
    {
        await WaitForTimerAsync();
        Assert.True(_timers.Reader.TryRead(out var timer));
        timer.Fire();
        return timer.Due;
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        if (dueTime != Timeout.InfiniteTimeSpan)
            _timers.Writer.TryWrite((dueTime, () => callback(state)));
        return new NoTimer();
    }

    private sealed class NoTimer : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period) => true;

        public void Dispose()
        {
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
