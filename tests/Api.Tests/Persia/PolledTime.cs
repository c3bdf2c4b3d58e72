using System.Threading.Channels;

namespace Granary.Api.Tests.Persia;

/// <summary>Time that passes for timers of one length, when the test says so.</summary>
internal sealed class PolledTime(TimeSpan length) : TimeProvider
{
    private readonly Channel<Action> _timers = Channel.CreateUnbounded<Action>();

    /// <summary>Waits for somebody to wait that long, and ends that.</summary>
    public async Task StepAsync() => (await _timers.Reader.ReadAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(30)))();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        if (dueTime == length)
            _timers.Writer.TryWrite(() => callback(state));
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
