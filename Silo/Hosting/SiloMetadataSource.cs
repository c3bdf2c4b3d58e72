using Granary.Torch;

namespace Granary.Silo.Hosting;

/// <summary>What a silo says of itself for ever: the section <c>Orleans:Metadata</c>, and the accelerator that libtorch finds.</summary>
internal static class SiloMetadataSource
{
    private const string Accelerator = "accelerator";

    /// <summary>Reads the configuration; looks for a GPU unless it says whether there is one.</summary>
    public static Dictionary<string, string> Read(IConfiguration configuration)
    {
        var metadata = configuration.GetSection("Orleans:Metadata").GetChildren()
            .Where(entry => entry.Value is not null)
            .ToDictionary(entry => entry.Key, entry => entry.Value!, StringComparer.OrdinalIgnoreCase);
        metadata.TryAdd(Accelerator, TorchRuntime.CudaDeviceCount > 0 ? "cuda" : "none");
        return metadata;
    }
}
