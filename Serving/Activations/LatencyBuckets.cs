namespace Granary.Serving.Activations;

/// <summary>The fixed buckets of every latency histogram, from 10 µs (a linear model) to 60 s (a large one).</summary>
internal static class LatencyBuckets
{
    /// <summary>Inclusive upper bounds in seconds; one more bucket holds what is above the last.</summary>
    public static readonly double[] BoundsSeconds =
    [
        10e-6, 25e-6, 50e-6, 100e-6, 250e-6, 500e-6, 1e-3, 2.5e-3, 5e-3, 10e-3, 25e-3, 50e-3, 100e-3, 250e-3, 500e-3, 1, 2.5, 5, 10, 30, 60,
    ];

    /// <summary>Buckets of one histogram, the unbounded one included.</summary>
    public static readonly int Count = BoundsSeconds.Length + 1;
}
