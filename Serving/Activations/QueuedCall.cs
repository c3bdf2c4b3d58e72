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
    private bool _queueTimeout;
    private InferenceResult? _result;
    private Exception? _exception;

    public InferenceRequest Request { get; } = request;

    public IReadOnlyList<Argument> Arguments { get; } = arguments;

    /// <summary>Rows that may be joined with others; 0 when the request must run alone.</summary>
    public int Rows { get; } = rows;

    /// <summary>When the request came to the activation.</summary>
    public long Arrived { get; } = arrived;

    /// <summary>When it came into the queue, which is later when it waited for a load.</summary>
    public long Queued { get; init; } = arrived;

    public int Priority { get; init; }

    /// <summary>From when on it waits behind those in time; <see cref="long.MaxValue"/> for never.</summary>
    public long LateFrom { get; init; } = long.MaxValue;

    /// <summary>The answers that leave in order; null where order does not matter.</summary>
    public AnswerOrder? Order { get; init; }

    /// <summary>The next call of the queue, or of the batch once taken out of it. Guarded by the executor's lock while queued.</summary>
    public QueuedCall? Next { get; set; }

    public QueuedCall? Previous { get; set; }

    /// <summary>Where it waits; null when it does not. Guarded by the executor's lock.</summary>
    public CallLane? Lane { get; set; }

    public bool IsLate { get; set; }

    /// <summary>Whether it has its answer or error. Guarded by <see cref="Order"/>.</summary>
    public bool HasOutcome { get; set; }

    /// <summary>Its part of a batch's outputs, between cutting and answering.</summary>
    public Value? Part { get; set; }

    /// <summary>Why the caller stopped waiting before the call was queued; null while it waits. Guarded by the executor's lock.</summary>
    public Exception? Withdrawn { get; set; }

    public ValueTask<InferenceResult> Task => new(this, _completion.Version);

    /// <summary>Starts to watch the caller's token and the clock. Called before the call is queued, so that nothing is missed.</summary>
    /// <param name="left">Until the caller's deadline; infinite without one.</param>
    /// <param name="queueLeft">Until the queue refuses it; infinite when it does not.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellation">The caller's token.</param>
    public void Watch(TimeSpan left, TimeSpan queueLeft, TimeProvider time, CancellationToken cancellation)
    {
        _queueTimeout = queueLeft != Timeout.InfiniteTimeSpan && (left == Timeout.InfiniteTimeSpan || queueLeft < left);
        var first = _queueTimeout ? queueLeft : left;
        if (first != Timeout.InfiniteTimeSpan)
            _timer = time.CreateTimer(static state => ((QueuedCall)state!).Expire(), this, first, Timeout.InfiniteTimeSpan);
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
        if (Order is null)
        {
            _completion.SetResult(result);
            return;
        }

        _result = result;
        Order.Complete(this);
    }

    public void Fail(Exception exception)
    {
        Unwatch();
        if (Order is null)
        {
            _completion.SetException(exception);
            return;
        }

        _exception = exception;
        Order.Complete(this);
    }

    /// <summary>Fails at once, whatever earlier calls do: the caller stopped waiting, or the queue did not take the call.</summary>
    public void Abandon(Exception exception)
    {
        Unwatch();
        _completion.SetException(exception);
        Order?.Complete(this);
    }

    /// <summary>Its turn to leave has come.</summary>
    public void Deliver()
    {
        if (_result is not null)
            _completion.SetResult(_result);
        else if (_exception is not null)
            _completion.SetException(_exception);
    }

    public InferenceResult GetResult(short token) => _completion.GetResult(token);

    public ValueTaskSourceStatus GetStatus(short token) => _completion.GetStatus(token);

    public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _completion.OnCompleted(continuation, state, token, flags);

    private void Withdraw(Exception reason) => executor.Withdraw(this, reason);

    private void Expire() => executor.Withdraw(this, _queueTimeout ? executor.WaitedTooLong() : executor.TimedOut());

    private void Unwatch()
    {
        // Not Dispose: that would wait for a callback which may itself be completing this call.
        _registration.Unregister();
        _timer?.Dispose();
    }
}
