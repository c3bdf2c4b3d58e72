namespace Granary.Silo.Hosting;

/// <summary>What a silo does besides what Orleans' own section says.</summary>
internal sealed class SiloOptions
{
    /// <summary>Configuration section of these options; <see cref="Granary.Grains.Silos.SiloReportOptions"/> shares it.</summary>
    public const string SectionName = "Granary:Silo";

    /// <summary>Address of probes and metrics. Default <c>127.0.0.1:8080</c>, <c>0.0.0.0:8080</c> in a container.</summary>
    public string? HealthBind { get; set; }

    /// <summary>How long a stop waits for running calls. Default 50 s, below the minute that platforms grant.</summary>
    public TimeSpan ShutdownTimeout { get; set; } = TimeSpan.FromSeconds(50);

    /// <summary>How often other silos are probed, and how long an answer may take. Default 1.5 s.</summary>
    public TimeSpan ProbeTimeout { get; set; } = TimeSpan.FromSeconds(1.5);

    /// <summary>Probes in a row that fail before a silo is suspected. Default 3.</summary>
    public int MissedProbes { get; set; } = 3;

    /// <summary>Every mistake, each naming its key.</summary>
    public IEnumerable<string> Validate()
    {
        if (ShutdownTimeout < TimeSpan.Zero)
            yield return $"{SectionName}:{nameof(ShutdownTimeout)} is {ShutdownTimeout}; expected zero or more";
        if (ProbeTimeout < TimeSpan.FromMilliseconds(100))
            yield return $"{SectionName}:{nameof(ProbeTimeout)} is {ProbeTimeout}; expected at least 100 ms";
        if (MissedProbes < 1)
            yield return $"{SectionName}:{nameof(MissedProbes)} is {MissedProbes}; expected at least 1";
    }
}
