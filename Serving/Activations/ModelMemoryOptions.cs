namespace Granary.Serving.Activations;

/// <summary>How much of the host models may fill.</summary>
public sealed class ModelMemoryOptions
{
    /// <summary>The configuration section.</summary>
    public const string SectionName = "ModelMemory";

    /// <summary>
    /// Bytes of parameters and buffers of all models in host memory; those on a GPU do not count. Default null: 80 % of the
    /// memory of the container or host. 0: no limit.
    /// </summary>
    public long? MaxResidentBytes { get; set; }

    /// <summary>Models in memory at once (<c>TORCH_MODEL_LRU_CACHE_SIZE</c>). Default 64; 0: no limit.</summary>
    public int MaxResidentModels { get; set; } = 64;

    /// <summary>How long a load waits for the running calls of a model that must make room. Default 30 seconds.</summary>
    public TimeSpan EvictionTimeout { get; set; } = TimeSpan.FromSeconds(30);
}
