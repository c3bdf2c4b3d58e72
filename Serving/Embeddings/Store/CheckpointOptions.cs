namespace Granary.Serving.Embeddings.Store;

/// <summary>How a sparse checkpoint is loaded.</summary>
public sealed record CheckpointOptions
{
    /// <summary>Files that are read at once. Default: one a core.</summary>
    public int Workers { get; init; } = Environment.ProcessorCount;

    /// <summary>Which signs to load. Default: all.</summary>
    public SignPart Part { get; init; } = SignPart.All;

    /// <summary>
    /// How long writing a checkpoint may have taken. Its marker says when it was done; entries count as this much older, so that packets
    /// of the time in between are applied. Default ten minutes, the most that Persia waits for.
    /// </summary>
    public TimeSpan DumpTime { get; init; } = TimeSpan.FromMinutes(10);
}
