using Granary.Serving.Responses;

namespace Granary.Serving.Activations;

/// <summary>Reads the counters of every model version that this host knows.</summary>
public interface IModelMetrics
{
    /// <summary>One snapshot a version, sorted by key.</summary>
    IReadOnlyList<ModelMetricsSnapshot> Snapshot();

    /// <summary>What the response cache of this host holds; null when there is none.</summary>
    ResponseCacheSnapshot? ReadResponseCache() => null;
}
