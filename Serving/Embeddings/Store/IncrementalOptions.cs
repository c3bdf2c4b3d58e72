namespace Granary.Serving.Embeddings.Store;

/// <summary>How incremental packets are looked for.</summary>
public sealed record IncrementalOptions
{
    /// <summary>The directory; need not be there yet.</summary>
    public required string Directory { get; init; }

    /// <summary>Time between looks. Default 10 seconds, as Persia has it.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How long a packet must stay as it is before it is applied without the marker of its folder, or given up as damaged. Default one
    /// minute.
    /// </summary>
    public TimeSpan Grace { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Packets from before this time are not read; null to read all. Default null.</summary>
    public DateTimeOffset? NotBefore { get; init; }

    /// <summary>Which signs to apply. Default: all.</summary>
    public SignPart Part { get; init; } = SignPart.All;

    /// <summary>How far a packet may be ahead of the clock before it counts as damaged. Default a day.</summary>
    public TimeSpan ClockSkew { get; init; } = TimeSpan.FromDays(1);
}
