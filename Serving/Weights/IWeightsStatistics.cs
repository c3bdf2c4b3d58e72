namespace Granary.Serving.Weights;

/// <summary>Counters for metrics.</summary>
public interface IWeightsStatistics
{
    /// <summary>The counters now; cheap.</summary>
    WeightsStatistics Snapshot();
}
