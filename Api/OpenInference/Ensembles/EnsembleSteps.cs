using Granary.Serving;
using Granary.Serving.Clusters;
using Granary.Serving.Formats.Triton.Ensembles;
using Granary.Serving.Formats.Triton.Repository;

namespace Granary.Api.OpenInference.Ensembles;

/// <summary>Runs the steps of one request, each as soon as its inputs are there.</summary>
/// <param name="ensemble">The ensemble.</param>
/// <param name="plan">Its steps.</param>
/// <param name="parts">The models of the steps that run; null for steps that do not.</param>
/// <param name="tensors">What they read and write.</param>
/// <param name="infer">Calls a model.</param>
/// <param name="cancellation">Ends the wait for a place in a step.</param>
internal sealed class EnsembleSteps(
    ServedModel ensemble, EnsemblePlan plan, ServedModel?[] parts, EnsembleTensors tensors, Func<ServedModel, V2Request, ValueTask<V2Answer>> infer, CancellationToken cancellation)
{
    private readonly List<(int Stage, Task<V2Answer> Call)> _running = [];
    private readonly bool[] _started = [.. parts.Select(static part => part is null)];

    /// <summary>Time in queues and in computation, summed.</summary>
    public InferenceTiming Timing { get; private set; }

    /// <summary>Runs them all.</summary>
    /// <exception cref="ServingException">A step failed; others may still run.</exception>
    public async Task RunAsync()
    {
        StartReady();
        while (_running.Count > 0)
        {
            var done = await NextAsync();
            _running.RemoveAt(done.Index);
            var answer = await AnswerAsync(done.Stage, done.Call);
            Timing = new InferenceTiming(Timing.Queue + answer.Timing.Queue, Timing.Compute + answer.Timing.Compute);
            tensors.Put(plan.Stages[done.Stage], answer);
            StartReady();
        }
    }

    /// <summary>Waits until no step runs, and drops what they answer: they read tensors of the request.</summary>
    public async Task EndAsync()
    {
        foreach (var (_, call) in _running)
        {
            try
            {
                (await call).Dispose();
            }
            catch (Exception exception) when (exception is ServingException or OperationCanceledException)
            {
                // Another step failed first, and the caller hears of that one.
            }
        }

        _running.Clear();
    }

    private async ValueTask<(int Index, int Stage, Task<V2Answer> Call)> NextAsync()
    {
        if (_running.Count > 1)
            await Task.WhenAny(_running.Select(static step => step.Call));
        var index = _running.Count == 1 ? 0 : _running.FindIndex(static step => step.Call.IsCompleted);
        return (index, _running[index].Stage, _running[index].Call);
    }

    private async Task<V2Answer> AnswerAsync(int stage, Task<V2Answer> call)
    {
        try
        {
            return await call;
        }
        catch (ServingException exception)
        {
            throw new ServingException(exception.Error, $"in ensemble '{ensemble.Config.Name}', model '{plan.Stages[stage].Model}': {exception.Message}", exception) { RetryAfter = exception.RetryAfter };
        }
    }

    private void StartReady()
    {
        var ready = new List<int>();
        for (var i = 0; i < _started.Length; i++)
        {
            if (!_started[i] && IsReady(plan.Stages[i]))
                ready.Add(i);
        }

        foreach (var stage in ready)
        {
            _started[stage] = true;
            var (part, call) = (parts[stage]!, Request(plan.Stages[stage]));
            // A small model runs on the thread that asks: several need several.
            _running.Add((stage, stage == ready[^1] ? CallAsync(stage, part, call) : Task.Run(() => CallAsync(stage, part, call))));
        }
    }

    private Task<V2Answer> CallAsync(int stage, ServedModel part, V2Request call) =>
        plan.PlacesOf(stage) is { } places ? CallAsync(places, part, call) : infer(part, call).AsTask();

    private async Task<V2Answer> CallAsync(SemaphoreSlim places, ServedModel part, V2Request call)
    {
        await places.WaitAsync(cancellation);
        try
        {
            return await infer(part, call);
        }
        finally
        {
            places.Release();
        }
    }

    // What no step writes is an input of the ensemble, which is there or optional.
    private bool IsReady(EnsembleStage stage)
    {
        foreach (var input in stage.Inputs)
        {
            if (tensors[input.Tensor] is null && plan.WriterOf(input.Tensor) >= 0)
                return false;
        }

        return true;
    }

    /// <summary>The step's request. Nobody disposes it: its tensors are the ensemble's.</summary>
    private V2Request Request(EnsembleStage stage)
    {
        var request = new V2Request();
        foreach (var input in stage.Inputs)
        {
            if (tensors[input.Tensor] is { } value)
                request.Inputs.Add(value with { Name = input.Name });
        }

        foreach (var output in stage.Outputs)
        {
            if (tensors.IsNeeded(output.Tensor))
                request.Outputs.Add(new V2Output(output.Name, null, 0));
        }

        return request;
    }
}
