namespace Granary.Serving.Devices;

/// <summary>The NVIDIA GPUs of this host at one moment.</summary>
/// <param name="DriverVersion">Of the kernel driver.</param>
/// <param name="CudaVersion">The newest CUDA that the driver supports.</param>
/// <param name="Devices">In the order of their CUDA numbers.</param>
public sealed record AcceleratorInventory(string DriverVersion, string CudaVersion, IReadOnlyList<Accelerator> Devices)
{
    /// <summary>A host without a usable GPU.</summary>
    public static readonly AcceleratorInventory None = new("", "", []);
}

/// <summary>One GPU.</summary>
/// <param name="Index">CUDA number.</param>
/// <param name="Name">Such as <c>NVIDIA H200</c>.</param>
/// <param name="TotalBytes">Memory in bytes.</param>
/// <param name="UsedBytes">Memory in use by all processes in bytes.</param>
public sealed record Accelerator(int Index, string Name, long TotalBytes, long UsedBytes)
{
    /// <summary>Memory that is free now, in bytes.</summary>
    public long FreeBytes => TotalBytes - UsedBytes;
}
