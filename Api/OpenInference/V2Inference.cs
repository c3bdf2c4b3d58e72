using Granary.Api.OpenInference.Ensembles;
using Granary.Serving;
using Granary.Serving.Clusters;
using Granary.Serving.Formats.Triton.Naming;
using Granary.Serving.Formats.Triton.Repository;

namespace Granary.Api.OpenInference;

/// <summary>Runs requests of the protocol, whichever transport brought them.</summary>
internal sealed class V2Inference(IServedModels models, IModelCluster cluster, EnsembleStatistics ensembles, TimeProvider time)
{
    private const long MostMicroseconds = long.MaxValue / TimeSpan.TicksPerMicrosecond;

    /// <summary>Finds the model of a request.</summary>
    /// <param name="name">The model.</param>
    /// <param name="version">Decimal; empty for the newest.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="ServingException"><see cref="ServingError.NotFound"/>, or why it cannot be loaded.</exception>
    public ValueTask<ServedModel> FindAsync(string name, string version, CancellationToken cancellation)
    {
        CheckVersion(version);
        return models.GetAsync(name, version, cancellation);
    }

    /// <summary>Refuses a version that is no number; empty is none.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.InvalidArgument"/>.</exception>
    public static void CheckVersion(string version)
    {
        if (version.Length > 0 && (version.Length > 18 || version.AsSpan().ContainsAnyExceptInRange('0', '9')))
            throw V2Errors.Invalid($"failed to get model version from specified version string '{version}' (details: not a number), version should be an integral value > 0");
    }

    /// <summary>Runs one request.</summary>
    /// <param name="model">As found.</param>
    /// <param name="request">Stays the caller's until the task ended.</param>
    /// <param name="cancellation">The caller left.</param>
    /// <returns>The answer, to be disposed after it was written.</returns>
    public ValueTask<V2Answer> InferAsync(ServedModel model, V2Request request, CancellationToken cancellation) =>
        model.Ensemble is null ? InferModelAsync(model, request, cancellation) : new EnsembleRunner(this, models, ensembles, time).RunAsync(model, request, cancellation);

    private async ValueTask<V2Answer> InferModelAsync(ServedModel model, V2Request request, CancellationToken cancellation)
    {
        V2OutputMapper.Check(model, request);
        var call = new InferenceRequest
        {
            Inputs = V2InputBinder.Bind(model, request),
            Priority = request.Priority,
            QueueTimeout = request.TimeoutMicroseconds == 0 ? null : TimeSpan.FromTicks(Math.Min(request.TimeoutMicroseconds, MostMicroseconds) * TimeSpan.TicksPerMicrosecond),
        };
        var result = await cluster.InferAsync(model.Key, call, cancellation);
        try
        {
            var outputs = V2OutputMapper.Map(model, request, result.Value);
            if ((!model.InputsAreGiven || !model.OutputsAreGiven) && !model.WasObserved)
                Observe(model, request, outputs);
            return new V2Answer(new V2Result(model.Definition.Name, result.Key.Version, request.Id, outputs), result, result.Timing);
        }
        catch
        {
            result.Dispose();
            throw;
        }
    }

    private void Observe(ServedModel model, V2Request request, List<V2ResultOutput> outputs)
    {
        // What was asked for may be less than there is, and classes are no numbers.
        if (request.Outputs.Count > 0)
            return;
        models.Observe(model,
            [.. request.Inputs.Select(static input => new ObservedTensor(input.Name, input.Datatype, input.Shape))],
            [.. outputs.Select(static output => new ObservedTensor(output.Name, output.Datatype, output.Shape))]);
    }
}

/// <summary>An answer and the memory that its tensors are in.</summary>
internal readonly struct V2Answer(V2Result result, IDisposable owner, InferenceTiming timing = default) : IDisposable
{
    /// <summary>What to send.</summary>
    public V2Result Result { get; } = result;

    /// <summary>Where the time went; of an ensemble the sums over its models.</summary>
    public InferenceTiming Timing { get; } = timing;

    /// <summary>Gives the memory back.</summary>
    public void Dispose()
    {
        foreach (var output in Result.Outputs)
            output.Tensor?.Dispose();
        owner.Dispose();
    }
}
