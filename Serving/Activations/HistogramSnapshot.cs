namespace Granary.Serving.Activations;

/// <summary>A latency histogram at one moment.</summary>
/// <param name="BoundsSeconds">Inclusive upper bounds in ascending order.</param>
/// <param name="Counts">Observations in each bucket, not cumulative; one longer than the bounds: the last is unbounded.</param>
/// <param name="SumSeconds">Sum of all observations.</param>
/// <param name="Count">How many observations.</param>
public sealed record HistogramSnapshot(IReadOnlyList<double> BoundsSeconds, IReadOnlyList<long> Counts, double SumSeconds, long Count);
