namespace Granary.Api.Infernet;

/// <summary>The GPUs that libtorch can use.</summary>
/// <param name="DriverVersion">Of the NVIDIA kernel driver; empty when unknown.</param>
/// <param name="CudaVersion">That libtorch was built for.</param>
/// <param name="Devices">In the order of their CUDA numbers.</param>
internal sealed record GpuInventory(string DriverVersion, string CudaVersion, IReadOnlyList<GpuFacts> Devices)
{
    /// <summary>What is there; null without a usable GPU.</summary>
    public static GpuInventory? Read() => null;
}

/// <summary>One GPU; memory in bytes.</summary>
internal sealed record GpuFacts(string Name, long MemoryTotal, long MemoryUsed, int DeviceId);
