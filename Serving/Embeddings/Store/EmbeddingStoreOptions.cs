namespace Granary.Serving.Embeddings.Store;

/// <summary>How embeddings are kept.</summary>
public sealed record EmbeddingStoreOptions
{
    /// <summary>
    /// Most entries, at least 1; over it the least recently written go. The bound is kept by each shard for its part. Default: no bound
    /// but memory (some thousand million rows of each dimension).
    /// </summary>
    public long Capacity { get; init; } = long.MaxValue;

    /// <summary>Whether rows are kept as float16, which halves the memory and rounds to the nearest. Default false: float32.</summary>
    public bool Float16 { get; init; }

    /// <summary>Parts that are written independently, a power of two up to 256; 0 to choose by capacity. Default 0.</summary>
    public int Shards { get; init; }
}
