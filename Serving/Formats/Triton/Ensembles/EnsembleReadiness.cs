using Granary.Serving.Clusters;
using Granary.Serving.Formats.Triton.Repository;
using Granary.Serving.Models;

namespace Granary.Serving.Formats.Triton.Ensembles;

/// <summary>Whether a version answers requests; one that left memory when idle does, because the next request brings it back.</summary>
internal static class EnsembleReadiness
{
    /// <summary>Null when it does, else why not, fit for clients. An ensemble does when all of its models do.</summary>
    public static async ValueTask<string?> WhyNotAsync(ModelDefinition definition, IModelCatalog catalog, IModelCluster cluster, CancellationToken cancellation)
    {
        if (!definition.IsEnsemble())
            return await WhyNotAsync(definition, cluster, cancellation);
        foreach (var part in EnsembleParts.PartsOf(definition))
        {
            var model = await catalog.FindAsync(part.Name, cancellation);
            if (model is null || (part.Version.Length == 0 ? model.Default : model.Find(part.Version)) is not { } needed)
                return part.Missing(definition.Name);
            if (await WhyNotAsync(needed, catalog, cluster, cancellation) is { } reason)
                return $"ensemble '{definition.Name}' depends on '{part.Name}' which is not valid. Model '{part.Name}' failed with error: {reason}";
        }

        return null;
    }

    private static async ValueTask<string?> WhyNotAsync(ModelDefinition definition, IModelCluster cluster, CancellationToken cancellation)
    {
        try
        {
            var status = await cluster.GetStatusAsync(definition.Key, cancellation);
            return status.State == ModelState.Failed ? SourceText.Hide(status.Reason ?? "its load failed", definition) : null;
        }
        catch (ServingException exception)
        {
            return SourceText.Hide(exception.Message, definition);
        }
    }
}
