using Granary.Serving.Clusters;
using Granary.Serving.Models;
using Granary.Torch;
using Microsoft.Extensions.Logging;

namespace Granary.Serving.Activations;

/// <content>What an inference thread does with the calls it took: alone, or joined and cut again.</content>
internal sealed partial class ModelExecutor
{
    private void RunAlone(QueuedCall call)
    {
        var started = _time.GetTimestamp();
        InferenceResult result;
        try
        {
            var forward = _model.Invoke(call.Request.Method, call.Arguments.AsSpan(), call.Request.Deterministic);
            var ended = _time.GetTimestamp();
            var rows = RowsOf(call.Arguments);
            _counters.Execution(rows, ended - started);
            _policy.Observe(ended - started);
            result = Answer(forward.Value, forward, call.Arrived, started, ended, rows);
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
        var times = new BatchTimes { Started = _time.GetTimestamp() };
        try
        {
            var arguments = BatchJoiner.Join(batch.First, batch.Rows);
            times.Joined = _time.GetTimestamp();
            try
            {
                forward = _model.Invoke(method, arguments, deterministic: false);
            }
            finally
            {
                SampleInputs.Dispose(arguments);
            }

            times.Computed = _time.GetTimestamp();
        }
        catch (Exception exception)
        {
            LogBatchFailed(_key, batch.Calls, exception.Message);
        }

        if (forward is not null && BatchSplitter.CanSplit(forward.Value, batch.Rows))
        {
            Distribute(batch, forward, times);
            return;
        }

        if (forward is not null)
        {
            // The module does not keep rows apart: joining would only cost a call each time.
            _counters.Execution(batch.Rows, times.Joined - times.Started, times.Computed - times.Joined, 0);
            LogNotBatchable(_key, batch.Rows);
            Volatile.Write(ref _maxRows, 0);
            forward.Dispose();
        }

        ForEach(batch, RunAlone);
    }

    private void Distribute(Batch batch, ForwardResult forward, BatchTimes times)
    {
        var owner = new SharedOwner(forward, batch.Calls);
        try
        {
            Cut(batch, forward.Value);
        }
        catch (Exception exception)
        {
            forward.Dispose();
            ForEach(batch, call => Fail(call, TorchErrors.OfCall(exception, _key, call.Request.Method)));
            return;
        }

        times.Cut = _time.GetTimestamp();
        _counters.Execution(batch.Rows, times.Joined - times.Started, times.Computed - times.Joined, times.Cut - times.Computed);
        ForEach(batch, call =>
        {
            var result = Answer(call, owner, times);
            _gate.Leave();
            call.Succeed(result);
        });
    }

    /// <summary>The answer to one request of a batch.</summary>
    private InferenceResult Answer(QueuedCall call, SharedOwner owner, in BatchTimes times)
    {
        var timing = new InferenceTiming(_time.GetElapsedTime(call.Arrived, times.Started), _time.GetElapsedTime(times.Joined, times.Computed));
        _counters.Success(times.Cut - call.Arrived, times.Started - call.Arrived, times.Computed - times.Joined, call.Rows, times.Cut);
        _counters.Joined(times.Joined - times.Started, times.Cut - times.Computed);
        GranaryMeter.Success(_key, _time.GetElapsedTime(call.Arrived, times.Cut), timing.Queue, timing.Compute);
        return new InferenceResult(_key, call.Part!, owner, timing) { Provenance = _provenance };
    }

    private static void Cut(Batch batch, Value outputs)
    {
        var row = 0;
        for (var call = batch.First; call is not null; call = call.Next)
        {
            call.Part = BatchSplitter.Slice(outputs, row, call.Rows);
            row += call.Rows;
        }
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

    /// <summary>Timestamps of one joined call.</summary>
    private struct BatchTimes
    {
        public long Started;
        public long Joined;
        public long Computed;
        public long Cut;
    }
}
