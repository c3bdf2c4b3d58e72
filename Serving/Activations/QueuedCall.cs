using System.Threading.Tasks.Sources;
using Granary.Serving.Clusters;
using Granary.Torch;

namespace Granary.Serving.Activations;

/// <summary>
/// One request that waits for an instance, and the promise of its result. It ends exactly once: whoever takes it out of the
/// queue, the inference thread or its own cancellation, completes it. Continuations never run on the inference thread.
/// </summary>
internal sealed class QueuedCall(ModelExecutor executor, InferenceRequest request, IReadOnlyList<Argument> arguments, int rows, long arrived)
    : IValueTaskSource<InferenceResult>
{
    private ManualResetValueTaskSourceCore<InferenceResult> _completion = new() { RunContinuationsAsynchronously = true };
    private CancellationTokenRegistration _registration;
    private ITimer? _timer;

    public InferenceRequest Request { get; } = request;

    public IReadOnlyList<Argument> Arguments { get; } = arguments;

    /// <summary>Rows that may be joined with others; 0 when the request must run alone.</summary>
    public int Rows { get; } = rows;

    public long Arrived { get; } = arrived;

    /// <summary>The next call of the queue, or of the batch once taken out of it. Guarded by the executor's lock while queued.</summary>
    public QueuedCall? Next { get; set; }

    public QueuedCall? Previous { get; set; }

    public bool IsQueued { get; set; }

    /// <summary>Why the caller stopped waiting before the call was queued; null while it waits. Guarded by the executor's lock.</summary>
    public Exception? Withdrawn { get; set; }

    public ValueTask<InferenceResult> Task => new(this, _completion.Version);

    /// <summary>Starts to watch the caller's token and deadline. Called before the call is queued, so that nothing is missed.</summary>
    public void Watch(TimeSpan left, TimeProvider time, CancellationToken cancellation)
    {
        if (left != Timeout.InfiniteTimeSpan)
            _timer = time.CreateTimer(static state => ((QueuedCall)state!).Expire(), this, left, Timeout.InfiniteTimeSpan);
        if (cancellation.CanBeCanceled)
        {
            _registration = cancellation.UnsafeRegister(static (state, token) =>
            {
                var call = (QueuedCall)state!;
                call.Withdraw(new OperationCanceledException(token));
            }, this);
        }
    }

    public void Succeed(InferenceResult result)
    {
        Unwatch();
        _completion.SetResult(result);
    }

    public void Fail(Exception exception)
    {
        Unwatch();
        _completion.SetException(exception);
    }

    public InferenceResult GetResult(short token) => _completion.GetResult(token);

    public ValueTaskSourceStatus GetStatus(short token) => _completion.GetStatus(token);

    public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _completion.OnCompleted(continuation, state, token, flags);

    private void Withdraw(Exception reason) => executor.Withdraw(this, reason);

    private void Expire() => executor.Withdraw(this, executor.TimedOut());

    private void Unwatch()
    {
        // Not Dispose: that would wait for a callback which may itself be completing this call.
        _registration.Unregister();
        _timer?.Dispose();
    }
}
