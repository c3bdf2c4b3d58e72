using Granary.Api.OpenInference.Ensembles;
using Granary.Serving;
using Granary.Serving.Clusters;
using Granary.Serving.Formats.Triton.Repository;
using Granary.Serving.Models;

namespace Granary.Api.OpenInference;

/// <summary>Counters of model versions, whichever transport asks.</summary>
internal sealed class V2Statistics(IServedModels models, IModelCatalog catalog, IModelCluster cluster, EnsembleStatistics ensembles)
{
    /// <summary>The counters of every version that serves, of those of one model, or of one version.</summary>
    /// <param name="name">The model; empty for all.</param>
    /// <param name="version">Decimal; empty for all.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="ServingException"><see cref="ServingError.InvalidArgument"/>: there is no such model, in Triton's words.</exception>
    public async ValueTask<IReadOnlyList<ModelStatus>> GetAsync(string name, string version, CancellationToken cancellation)
    {
        var keys = name.Length == 0 ? await KeysAsync(cancellation) : await KeysAsync(name, version, cancellation);
        var known = (await cluster.ListAsync(cancellation)).ToLookup(static status => status.Key);
        return [.. keys.Select(key => Join(key, [.. known[key]]))];
    }

    private async ValueTask<IReadOnlyList<ModelKey>> KeysAsync(CancellationToken cancellation)
    {
        var shown = (await models.NamesAsync(cancellation)).ToHashSet();
        return [.. (await catalog.ListAsync(cancellation)).Where(model => shown.Contains(model.Name)).SelectMany(static model => model.Versions).Select(static definition => definition.Key)];
    }

    private async ValueTask<IReadOnlyList<ModelKey>> KeysAsync(string name, string version, CancellationToken cancellation)
    {
        var model = await catalog.FindAsync(name, cancellation) ?? throw V2Errors.Invalid($"requested model '{name}' is not available");
        if (version.Length == 0)
            return [.. model.Versions.Select(static definition => definition.Key)];
        return [(model.Find(version) ?? throw V2Errors.Invalid($"requested model version is not available for model '{name}'")).Key];
    }

    // A version may have several activations in a cluster.
    private ModelStatus Join(ModelKey key, ModelStatus[] statuses) => statuses switch
    {
        [] => new ModelStatus { Key = key, State = ModelState.Unloaded, Statistics = ensembles.Of(key) },
        [var one] => one,
        _ => statuses[0] with
        {
            Statistics = ModelStatistics.Sum([.. statuses.Select(static status => status.Statistics)]),
            ResidentBytes = statuses.Sum(static status => status.ResidentBytes),
            Queued = statuses.Sum(static status => status.Queued),
        },
    };
}
