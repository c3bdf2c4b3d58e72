namespace Granary.Serving.Activations;

/// <summary>Reads the counters of every model version that this host knows.</summary>
public interface IModelMetrics
{
    /// <summary>One snapshot a version, sorted by key.</summary>
    IReadOnlyList<ModelMetricsSnapshot> Snapshot();
}
