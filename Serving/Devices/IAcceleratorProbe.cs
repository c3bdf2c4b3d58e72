using Granary.Torch;

namespace Granary.Serving.Devices;

/// <summary>Tells which GPUs this host has and how much of their memory is free now.</summary>
public interface IAcceleratorProbe
{
    /// <summary>In the order of their CUDA numbers; empty without a usable GPU.</summary>
    IReadOnlyList<GpuInfo> Gpus { get; }
}
