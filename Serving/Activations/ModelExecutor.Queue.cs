using Granary.Serving.Clusters;
using Granary.Serving.Models;
using Granary.Torch;

namespace Granary.Serving.Activations;

/// <content>The queued path: who waits, who gets an instance, what an inference thread does with its ticket.</content>
internal sealed partial class ModelExecutor
{
    /// <summary>Runs on an inference thread with one instance in hand.</summary>
    void IInferenceWork.Execute()
    {
        Batch batch;
        lock (_sync)
        {
            _tickets--;
            batch = TakeBatch();
            Volatile.Write(ref _queued, _queue.Count);
        }

        try
        {
            Run(batch);
        }
        finally
        {
            Interlocked.Decrement(ref _slots);
            Pump();
        }
    }

    private void Run(Batch batch)
    {
        if (batch.First is null)
            return;
        if (_delayTimer is not null)
            Pump();
        if (!_warmed)
            RunFirst(batch.First);
        else if (batch.Calls == 1)
            RunAlone(batch.First);
        else
            RunJoined(batch);
    }

    private ValueTask<InferenceResult> Enqueue(InferenceRequest request, IReadOnlyList<Argument> arguments, long arrived, CancellationToken cancellation)
    {
        var left = Deadline.Left(request.Timeout, arrived, _time);
        if (left == TimeSpan.Zero)
            return Refuse(TimedOut(), arrived);
        var call = Prepare(request, arguments, arrived);
        Exception? refused;
        try
        {
            call.Watch(left, QueueLeft(call), _time, cancellation);
        }
        catch (ObjectDisposedException)
        {
            // The caller disposed the source of its token; there is nothing to watch and nobody who could cancel.
        }

        lock (_sync)
        {
            refused = call.Withdrawn;
            if (refused is null)
            {
                _queue.Append(call);
                PostTickets();
                refused = Full(call.Lane!);
                if (refused is not null)
                    _queue.Remove(call);
                else
                    _order?.Enter(call);
            }

            Volatile.Write(ref _queued, _queue.Count);
        }

        if (refused is not null)
        {
            Abandon(call, refused);
            return call.Task;
        }

        // A slot that was freed between the count above and now would otherwise be missed.
        Pump();
        return call.Task;
    }

    private QueuedCall Prepare(InferenceRequest request, IReadOnlyList<Argument> arguments, long arrived)
    {
        var maxRows = Volatile.Read(ref _maxRows);
        var rows = maxRows > 1 && !request.Deterministic ? BatchJoiner.RowsOf(arguments, maxRows) : 0;
        if (rows > 0)
            arguments = _checker.InOrder(request.Method, arguments);
        var now = _time.GetTimestamp();
        var priority = _queue.PriorityOf(request.Priority);
        var policy = _queue.PolicyOf(priority);
        var late = policy.TimeoutAction == QueueTimeoutAction.Delay && policy.TimeoutOf(request.QueueTimeout) is { } wait
            ? now + BatchFormer.ToTimestamp(wait, _time)
            : long.MaxValue;
        return new QueuedCall(this, request, arguments, rows, arrived) { Queued = now, Priority = priority, LateFrom = late, Order = _order };
    }

    /// <summary>How long a call may wait before the queue refuses it; infinite when it does not.</summary>
    private TimeSpan QueueLeft(QueuedCall call)
    {
        var policy = _queue.PolicyOf(call.Priority);
        return policy.TimeoutAction == QueueTimeoutAction.Reject && policy.TimeoutOf(call.Request.QueueTimeout) is { } wait
            ? Deadline.Left(wait, call.Queued, _time)
            : Timeout.InfiniteTimeSpan;
    }

    private void Pump()
    {
        if (Volatile.Read(ref _queued) == 0)
            return;
        lock (_sync)
            PostTickets();
    }

    /// <summary>Posts one ticket for each waiting call that gets an instance. Called under the lock.</summary>
    private void PostTickets()
    {
        // While requests wait for company only the first batch can be due: one ticket at a time.
        while (_tickets < (_delayTimer is null ? _queue.Count : Math.Min(1, _queue.Count)) && HasSlot() && IsDue() && TryTakeSlot())
        {
            _tickets++;
            _threads.Post(this);
        }
    }

    /// <summary>Whether the first batch may run now, or still waits for company. Called under the lock; sets the timer when it waits.</summary>
    private bool IsDue()
    {
        if (_delayTimer is null || !_warmed)
            return true;
        var plan = _former.Plan(_queue, _maxRows, _time.GetTimestamp());
        if (plan.Wait > 0)
            _delayTimer.Change(_time.GetElapsedTime(0, plan.Wait), Timeout.InfiniteTimeSpan);
        return plan.IsDue;
    }

    /// <summary>The first batch if it is due; none when its calls withdrew meanwhile. Called under the lock.</summary>
    private Batch TakeBatch()
    {
        var now = _time.GetTimestamp();
        var plan = _former.Plan(_queue, _warmed ? _maxRows : 0, now);
        return plan.IsDue ? _queue.Take(plan, now) : default;
    }

    private bool HasSlot() => Volatile.Read(ref _slots) < Volatile.Read(ref _limit);

    private bool TryTakeSlot()
    {
        // Not increment-and-undo: the transient excess could make another caller miss a free slot.
        var slots = Volatile.Read(ref _slots);
        while (slots < Volatile.Read(ref _limit))
        {
            var seen = Interlocked.CompareExchange(ref _slots, slots + 1, slots);
            if (seen == slots)
                return true;
            slots = seen;
        }

        return false;
    }

    private void ReleaseInlineSlot(bool holdsSlot)
    {
        if (!holdsSlot)
            return;
        Interlocked.Decrement(ref _slots);
        Pump();
    }

    /// <summary>Why a call that was just added may not wait; null when it may. Called under the lock.</summary>
    private ServingException? Full(CallLane lane)
    {
        // What has a ticket is as good as running; the rest waits.
        var limit = lane.Policy.MaxQueueSize;
        if (_queue.Count - _tickets > _definition.MaxQueueSize)
            limit = _definition.MaxQueueSize;
        else if (limit == 0 || _queue.WaitingIn(lane, _tickets) <= limit)
            return null;
        return new ServingException(ServingError.Overloaded, $"Exceeds maximum queue size: {limit} requests wait for model '{_key}'; try again later");
    }
}
