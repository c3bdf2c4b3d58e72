using System.Collections.Concurrent;
using Granary.Serving.Clusters;
using Granary.Serving.Formats.Triton.Config;
using Granary.Serving.Formats.Triton.Ensembles;
using Granary.Serving.Formats.Triton.Naming;
using Granary.Serving.Models;
using Granary.Torch;

namespace Granary.Serving.Formats.Triton.Repository;

/// <summary>Remembers what it worked out of each definition for as long as the catalog holds the same one.</summary>
internal sealed class ServedModels(IModelCatalog catalog, IModelCluster cluster, Func<HostCapacity> host) : IServedModels
{
    private const int MaxRemembered = 4096;
    private readonly ConcurrentDictionary<ModelKey, ServedModel> _known = new();

    public ValueTask<ModelDefinition> FindAsync(string name, string version, CancellationToken cancellation = default)
    {
        var found = catalog.FindAsync(name, cancellation);
        return found.IsCompletedSuccessfully ? new(Select(found.Result, name, version)) : FindSlowlyAsync(found, name, version);
    }

    public ValueTask<ServedModel> GetAsync(string name, string version, CancellationToken cancellation = default)
    {
        var found = FindAsync(name, version, cancellation);
        if (found.IsCompletedSuccessfully)
        {
            var definition = found.Result;
            return Known(definition) is { } known ? new(known) : DescribeAsync(definition, cancellation);
        }

        return GetSlowlyAsync(found, cancellation);
    }

    public ValueTask<string?> WhyNotReadyAsync(ModelDefinition definition, CancellationToken cancellation = default) =>
        EnsembleReadiness.WhyNotAsync(definition, catalog, cluster, cancellation);

    public async ValueTask<IReadOnlyList<string>> NamesAsync(CancellationToken cancellation = default)
    {
        var all = await catalog.ListAsync(cancellation);
        return [.. all.Where(static model => !model.Default.IsCandidate()).Select(static model => model.Name)];
    }

    public void Observe(ServedModel model, IReadOnlyList<ObservedTensor> inputs, IReadOnlyList<ObservedTensor> outputs)
    {
        // Once is enough: what was seen first stays until the definition changes.
        if ((model.InputsAreGiven && model.OutputsAreGiven) || model.WasObserved || Known(model.Definition) is not { WasObserved: false } known)
            return;
        var config = SchemaConfig.Learn(model.Config, model.InputsAreGiven ? [] : inputs, model.OutputsAreGiven ? [] : outputs);
        var plan = model.Forward is null ? model.Plan : Plan(config, model.Forward, isGiven: false) ?? model.Plan;
        _known.TryUpdate(model.Key, known with { Config = config, Plan = plan, WasObserved = true }, known);
    }

    private static async ValueTask<ModelDefinition> FindSlowlyAsync(ValueTask<CatalogModel?> found, string name, string version) => Select(await found, name, version);

    private async ValueTask<ServedModel> GetSlowlyAsync(ValueTask<ModelDefinition> found, CancellationToken cancellation)
    {
        var definition = await found;
        return Known(definition) ?? await DescribeAsync(definition, cancellation);
    }

    private static ModelDefinition Select(CatalogModel? model, string name, string version)
    {
        if (model is null || model.Default.IsCandidate())
            throw new ServingException(ServingError.NotFound, $"Request for unknown model: '{name}' is not found");
        if (version.Length == 0)
            return model.Default;
        return model.Find(version) ?? throw new ServingException(ServingError.NotFound, $"Request for unknown model: '{name}' version {version} is not found");
    }

    // The catalog hands out the same record until something of its model changes.
    private ServedModel? Known(ModelDefinition definition) =>
        _known.TryGetValue(definition.Key, out var known) && ReferenceEquals(known.Definition, definition) ? known : null;

    private async ValueTask<ServedModel> DescribeAsync(ModelDefinition definition, CancellationToken cancellation)
    {
        var forward = definition.IsEnsemble() ? null : await ForwardAsync(definition, cancellation);
        var served = Describe(definition, forward);
        if (_known.Count >= MaxRemembered)
            _known.Clear();
        _known[definition.Key] = served;
        return served;
    }

    private async ValueTask<MethodSchema?> ForwardAsync(ModelDefinition definition, CancellationToken cancellation)
    {
        var status = await cluster.GetStatusAsync(definition.Key, cancellation);
        if (status.Methods.Count == 0)
            status = await cluster.LoadAsync(definition.Key, cancellation);
        return status.Methods.FirstOrDefault(static method => method.Name == "forward");
    }

    private ServedModel Describe(ModelDefinition definition, MethodSchema? forward)
    {
        var written = definition.Annotations.TryGetValue(RepositoryAnnotations.Config, out var json) ? ModelConfigCodec.ParseJson(json) : null;
        var config = written is null ? SchemaConfig.Describe(definition, forward, host())
            : forward is null ? written : SchemaConfig.Complete(written, forward);
        var inputs = written?.Input.Count ?? definition.Inputs.Count;
        var outputs = written?.Output.Count ?? definition.Outputs.Count;
        return new ServedModel(definition, config, Plan(config, forward, inputs > 0), inputs > 0, outputs > 0) { Forward = forward, Ensemble = EnsemblePlan.Of(config) };
    }

    private static ArgumentPlan? Plan(ModelConfig config, MethodSchema? forward, bool isGiven)
    {
        if (forward is null)
            return null;
        try
        {
            return ArgumentPlanner.Plan(config, forward);
        }
        catch (ServingException) when (!isGiven)
        {
            // The signature has what no tensor protocol can send; a request says which of it it means.
            return null;
        }
    }
}
