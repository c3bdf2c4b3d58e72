using Granary.Serving;
using Granary.Serving.Formats.Triton.Ensembles;
using Granary.Serving.Formats.Triton.Naming;
using Granary.Serving.Formats.Triton.Repository;

namespace Granary.Api.OpenInference.Ensembles;

/// <summary>Runs one request to an ensemble: every step is a request to its model, checked as any other.</summary>
internal sealed class EnsembleRunner(V2Inference inference, IServedModels models, EnsembleStatistics statistics, TimeProvider time)
{
    /// <summary>As <see cref="V2Inference.InferAsync"/>.</summary>
    public async ValueTask<V2Answer> RunAsync(ServedModel ensemble, V2Request request, CancellationToken cancellation)
    {
        var start = time.GetTimestamp();
        try
        {
            V2OutputMapper.Check(ensemble, request);
            V2InputBinder.Check(ensemble, request);
            var answer = await RunAsync(ensemble, ensemble.Ensemble!, request, start, cancellation);
            statistics.Succeed(ensemble.Key, Rows(ensemble, request), time.GetElapsedTime(start), answer.Timing);
            return answer;
        }
        catch
        {
            statistics.Fail(ensemble.Key, time.GetElapsedTime(start));
            throw;
        }
    }

    private async Task<V2Answer> RunAsync(ServedModel ensemble, EnsemblePlan plan, V2Request request, long start, CancellationToken cancellation)
    {
        IReadOnlyList<V2Output> wanted = request.Outputs.Count > 0
            ? request.Outputs
            : [.. ensemble.Config.Output.Select(output => new V2Output(output.Name, request.BinaryOutputs, 0))];
        var indices = wanted.Select(output => plan.IndexOf(output.Name)).ToArray();
        var needed = plan.StagesFor(indices);
        var parts = await FindAsync(ensemble, plan, needed, cancellation);
        var tensors = new EnsembleTensors(plan, needed, indices, request);
        using var failed = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var steps = new EnsembleSteps(ensemble, plan, parts, tensors, (part, call) => inference.InferAsync(part, WithRest(call, request, start), failed.Token), failed.Token);
        try
        {
            await steps.RunAsync();
            var outputs = wanted.Select((output, i) => Make(ensemble, parts, indices[i], tensors[indices[i]], output)).ToList();
            return new V2Answer(new V2Result(ensemble.Definition.Name, ensemble.Definition.Version, request.Id, outputs), tensors, steps.Timing);
        }
        catch
        {
            await failed.CancelAsync();
            await steps.EndAsync();
            tensors.Dispose();
            throw;
        }
    }

    /// <summary>The models of the steps that run; null for the others.</summary>
    private async Task<ServedModel?[]> FindAsync(ServedModel ensemble, EnsemblePlan plan, bool[] needed, CancellationToken cancellation)
    {
        var parts = new ServedModel?[plan.Stages.Count];
        for (var i = 0; i < parts.Length; i++)
        {
            var stage = plan.Stages[i];
            try
            {
                if (needed[i])
                    parts[i] = await models.GetAsync(stage.Model, stage.Version, cancellation);
            }
            catch (ServingException exception) when (exception.Error == ServingError.NotFound)
            {
                var which = stage.Version.Length == 0 ? "which has no loaded version" : $"whose required version {stage.Version} is not loaded";
                throw new ServingException(ServingError.Unavailable, $"ensemble '{ensemble.Definition.Name}' depends on '{stage.Model}' {which}", exception);
            }
        }

        return parts;
    }

    /// <summary>What is left of the request's time is the step's.</summary>
    private V2Request WithRest(V2Request call, V2Request request, long start)
    {
        call.Id = request.Id;
        call.Priority = request.Priority;
        if (request.TimeoutMicroseconds > 0)
            call.TimeoutMicroseconds = Math.Max(1, request.TimeoutMicroseconds - (long)time.GetElapsedTime(start).TotalMicroseconds);
        return call;
    }

    private static V2ResultOutput Make(ServedModel ensemble, ServedModel?[] parts, int tensor, V2Input? made, in V2Output wanted)
    {
        var name = wanted.Name;
        var value = made ?? throw new ServingException(ServingError.InvalidArgument, $"in ensemble '{ensemble.Config.Name}', output '{name}' is an optional input that the request leaves out");
        var declared = ensemble.Config.Output.First(output => output.Name == name).DataType;
        if (value.Datatype != declared)
            throw new ServingException(ServingError.InvalidArgument, $"in ensemble '{ensemble.Config.Name}', output '{name}' is {value.Datatype.WireName()}, the configuration expects {declared.WireName()}");
        var writer = ensemble.Ensemble!.WriterOf(tensor);
        // Triton: an ensemble's output has the labels of the model that makes it, unless it has its own.
        var labels = ensemble.LabelsOf(name) ?? (writer < 0 ? null : parts[writer]!.LabelsOf(value.Name));
        return V2OutputMapper.Make(name, value, wanted, ensemble.Config.HasBatchDimension, labels);
    }

    private static long Rows(ServedModel ensemble, V2Request request) =>
        ensemble.Config.HasBatchDimension && request.Inputs is [{ Shape: [var rows, ..] }, ..] ? rows : 1;
}
