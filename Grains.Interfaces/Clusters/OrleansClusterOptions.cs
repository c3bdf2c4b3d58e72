namespace Granary.Grains.Interfaces.Clusters;

/// <summary>How a client of the cluster behaves when silos come and go.</summary>
public sealed class OrleansClusterOptions
{
    /// <summary>Configuration section of these options.</summary>
    public const string SectionName = "Cluster";

    /// <summary>
    /// How long a call whose silo died is tried again elsewhere before it fails. Default 20 s: longer than the membership
    /// protocol takes to declare a silo dead. An inference may run twice; it has no effect but its answer.
    /// </summary>
    public TimeSpan RetryFor { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>Pause before trying again. Default 200 ms.</summary>
    public TimeSpan RetryDelay { get; set; } = TimeSpan.FromMilliseconds(200);

    /// <summary>How often the board of silos and the catalog are read. Default 1 s.</summary>
    public TimeSpan RefreshPeriod { get; set; } = TimeSpan.FromSeconds(1);
}
