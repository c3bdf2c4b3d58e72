using Granary.Serving.Models;
using Granary.Torch;
using Microsoft.Extensions.Logging;

namespace Granary.Serving.Activations;

/// <content>Warm-up: with zeros before the model is ready, or with the first real request.</content>
internal sealed partial class ModelExecutor
{
    /// <summary>Makes the warm-up calls on an inference thread when sample inputs can be made; else the first request makes them.</summary>
    public Task WarmUpAsync()
    {
        var arguments = SampleInputs.TryCreate(_checker.Find("forward"));
        if (arguments is null)
            return Task.CompletedTask;
        var work = new WarmUpWork(this, arguments);
        _threads.Post(work);
        return work.Done;
    }

    /// <summary>
    /// Runs the first real request more often than asked before answering it. An error in these calls is the request's own, and
    /// the next request tries again; until then one call runs at a time.
    /// </summary>
    private void RunFirst(QueuedCall call)
    {
        try
        {
            WarmUp(call.Request.Method, call.Arguments.AsSpan());
        }
        catch (Exception exception)
        {
            Fail(call, TorchErrors.OfCall(exception, _key, call.Request.Method));
            return;
        }

        RunAlone(call);
    }

    private void WarmUp(string method, ReadOnlySpan<Argument> arguments)
    {
        var best = long.MaxValue;
        for (var i = 0; i < _warmUpCalls; i++)
        {
            var started = _time.GetTimestamp();
            _model.Invoke(method, arguments, deterministic: false).Dispose();
            best = Math.Min(best, _time.GetTimestamp() - started);
        }

        _policy.Start(best);
        Volatile.Write(ref _limit, _instances);
        _warmed = true;
    }

    private sealed class WarmUpWork(ModelExecutor executor, Argument[] arguments) : IInferenceWork
    {
        private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Done => _done.Task;

        public void Execute()
        {
            try
            {
                executor.WarmUp("forward", arguments);
            }
            catch (Exception exception)
            {
                // Zeros need not be a valid input; a real request will tell.
                executor.LogWarmUpFailed(executor._key, exception.Message);
            }
            finally
            {
                SampleInputs.Dispose(arguments);
                _done.SetResult();
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{Model} cannot be warmed with zeros ({Reason}); its first request warms it.")]
    private partial void LogWarmUpFailed(ModelKey model, string reason);
}
