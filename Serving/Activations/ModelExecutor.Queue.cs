using Granary.Serving.Clusters;
using Granary.Serving.Models;
using Granary.Torch;
using Microsoft.Extensions.Logging;

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
            batch = IsDue() ? _queue.TakeBatch(_warmed ? _maxRows : 0) : default;
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
        var maxRows = Volatile.Read(ref _maxRows);
        var rows = maxRows > 1 && !request.Deterministic ? BatchJoiner.RowsOf(arguments, maxRows) : 0;
        var call = new QueuedCall(this, request, arguments, rows, arrived);
        Exception? refused;
        try
        {
            call.Watch(left, _time, cancellation);
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
                // What has a ticket is as good as running; the rest waits.
                if (_queue.Count - _tickets > _definition.MaxQueueSize)
                {
                    _queue.Remove(call);
                    refused = Full();
                }
            }

            Volatile.Write(ref _queued, _queue.Count);
        }

        if (refused is not null)
        {
            Fail(call, refused);
            return call.Task;
        }

        // A slot that was freed between the count above and now would otherwise be missed.
        Pump();
        return call.Task;
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
        // While requests wait for company only the head's batch can be due: one ticket at a time.
        while (_tickets < (_delayTimer is null ? _queue.Count : Math.Min(1, _queue.Count)) && IsDue() && TryTakeSlot())
        {
            _tickets++;
            _threads.Post(this);
        }
    }

    /// <summary>Whether the head may run now, or still waits for company. Called under the lock; sets the timer when it waits.</summary>
    private bool IsDue()
    {
        if (_delayTimer is null || _queue.Head is not { } head || !_warmed || _queue.IsFull(_maxRows))
            return true;
        var left = _definition.Batching.MaxQueueDelay - _time.GetElapsedTime(head.Arrived);
        if (left <= TimeSpan.Zero)
            return true;
        _delayTimer.Change(left, Timeout.InfiniteTimeSpan);
        return false;
    }

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

    private ServingException Full() => new(ServingError.Overloaded,
        $"the queue of model '{_key}' is full: {_definition.MaxQueueSize} requests wait; try again later");

    private void RunAlone(QueuedCall call)
    {
        var started = _time.GetTimestamp();
        InferenceResult result;
        try
        {
            var forward = _model.Invoke(call.Request.Method, call.Arguments.AsSpan(), call.Request.Deterministic);
            var ended = _time.GetTimestamp();
            _counters.Execution();
            _policy.Observe(ended - started);
            result = Answer(forward.Value, forward, call.Arrived, started, ended, RowsOf(call.Arguments));
        }
        catch (Exception exception)
        {
            Fail(call, TorchErrors.OfCall(exception, _key, call.Request.Method));
            return;
        }

        _gate.Leave();
        call.Succeed(result);
    }

    private void RunJoined(Batch batch)
    {
        var method = batch.First!.Request.Method;
        ForwardResult? forward = null;
        var started = _time.GetTimestamp();
        try
        {
            var arguments = BatchJoiner.Join(batch.First, batch.Rows);
            try
            {
                forward = _model.Invoke(method, arguments, deterministic: false);
            }
            finally
            {
                SampleInputs.Dispose(arguments);
            }

            _counters.Execution();
        }
        catch (Exception exception)
        {
            LogBatchFailed(_key, batch.Calls, exception.Message);
        }

        if (forward is not null && BatchSplitter.CanSplit(forward.Value, batch.Rows))
        {
            Distribute(batch, forward, started, _time.GetTimestamp());
            return;
        }

        if (forward is not null)
        {
            // The module does not keep rows apart: joining would only cost a call each time.
            LogNotBatchable(_key, batch.Rows);
            Volatile.Write(ref _maxRows, 0);
            forward.Dispose();
        }

        ForEach(batch, RunAlone);
    }

    private void Distribute(Batch batch, ForwardResult forward, long started, long ended)
    {
        var owner = new SharedOwner(forward, batch.Calls);
        var row = 0;
        ForEach(batch, call =>
        {
            InferenceResult result;
            try
            {
                var part = BatchSplitter.Slice(forward.Value, row, call.Rows);
                row += call.Rows;
                result = Answer(part, owner, call.Arrived, started, ended, call.Rows);
            }
            catch (Exception exception)
            {
                owner.Dispose();
                Fail(call, TorchErrors.OfCall(exception, _key, call.Request.Method));
                return;
            }

            _gate.Leave();
            call.Succeed(result);
        });
    }

    private static void ForEach(Batch batch, Action<QueuedCall> action)
    {
        for (var call = batch.First; call is not null;)
        {
            var next = call.Next;
            call.Next = null;
            action(call);
            call = next;
        }
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "A batch of {Calls} calls of {Model} failed and is run one by one: {Reason}")]
    private partial void LogBatchFailed(ModelKey model, int calls, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The outputs of {Model} cannot be cut into {Rows} rows; its requests are not joined any more.")]
    private partial void LogNotBatchable(ModelKey model, int rows);
}
