using Granary.Torch;

namespace Granary.Api.Infernet;

/// <summary>The GPUs that libtorch can use.</summary>
/// <param name="DriverVersion">Of the NVIDIA kernel driver; empty when unknown.</param>
/// <param name="CudaVersion">Empty: libtorch does not tell it through our shim.</param>
/// <param name="Devices">In the order of their CUDA numbers.</param>
internal sealed record GpuInventory(string DriverVersion, string CudaVersion, IReadOnlyList<GpuInfo> Devices)
{
    /// <summary>What is there; null without a usable GPU or without libtorch.</summary>
    public static GpuInventory? Read()
    {
        try
        {
            var gpus = TorchRuntime.Gpus;
            return gpus.Count == 0 ? null : new GpuInventory(ReadDriverVersion("/proc/driver/nvidia/version"), "", gpus);
        }
        catch (TorchException)
        {
            return null;
        }
    }

    /// <summary>The first line reads <c>NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.104.05  Sat …</c>.</summary>
    private static string ReadDriverVersion(string path)
    {
        try
        {
            foreach (var word in File.ReadLines(path).First().Split(' ', StringSplitOptions.RemoveEmptyEntries))
            {
                if (char.IsAsciiDigit(word[0]) && word.Contains('.'))
                    return word;
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or InvalidOperationException)
        {
            // Not every driver shows itself there.
        }

        return "";
    }
}
