namespace Granary.Grains.Silos;

/// <summary>What a silo says of itself, and how often.</summary>
public sealed class SiloReportOptions
{
    /// <summary>Configuration section of these options.</summary>
    public const string SectionName = "Granary:Silo";

    /// <summary>Time between two reports when nothing happens. Default 2 s.</summary>
    public TimeSpan Period { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>Calls waiting on this silo beyond which it takes no new models and its readiness is off. Default 2,000.</summary>
    public int SaturatedAt { get; set; } = 2000;
}
