namespace Granary.Serving.Embeddings;

/// <summary>Persia's sparse tables. Without <see cref="ConfigFile"/> there are none.</summary>
public sealed class EmbeddingOptions
{
    /// <summary>Name of the configuration section.</summary>
    public const string SectionName = "Embeddings";

    /// <summary>Persia's <c>embedding_config.yaml</c>: <c>--persia-embedding-config</c> or <c>PERSIA_EMBEDDING_CONFIG</c>. Default null: no embeddings.</summary>
    public string? ConfigFile { get; set; }

    /// <summary>Persia's <c>global_config.yaml</c>: <c>--persia-global-config</c> or <c>PERSIA_GLOBAL_CONFIG</c>. Default null: Persia's defaults.</summary>
    public string? GlobalConfigFile { get; set; }

    /// <summary>
    /// What this process answers to <c>replica_index</c>: its place, from 0 on, among the embedding servers that Persia's workers, or other
    /// instances of this service, are configured with. Default 0.
    /// </summary>
    public int ReplicaIndex { get; set; }

    /// <summary>Directory of the sparse checkpoint, instead of what the global configuration says. Default null.</summary>
    public string? Checkpoint { get; set; }

    /// <summary>Directory of incremental packets, instead of what the global configuration says; empty for none. Default null.</summary>
    public string? IncrementalDirectory { get; set; }

    /// <summary>Time between two looks at the directory of packets. Default 10 seconds.</summary>
    public TimeSpan ScanInterval { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>A directory of packets without its marker is applied when it did not change for this long. Default 60 seconds.</summary>
    public TimeSpan GracePeriod { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>Keep rows as float16, which halves their memory and rounds them. Default false.</summary>
    public bool Float16Storage { get; set; }

    /// <summary>Hand embeddings to models as float32 instead of Persia's float16. Default false.</summary>
    public bool Float32Output { get; set; }

    /// <summary>Parts that are written independently, a power of two up to 256. Default 0: chosen by the capacity.</summary>
    public int Shards { get; set; }
}
