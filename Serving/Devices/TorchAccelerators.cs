using Granary.Torch;

namespace Granary.Serving.Devices;

/// <summary>The GPUs as libtorch's driver shows them.</summary>
internal sealed class TorchAccelerators : IAcceleratorProbe
{
    public IReadOnlyList<GpuInfo> Gpus
    {
        get
        {
            try
            {
                return TorchRuntime.Gpus;
            }
            catch (TorchException)
            {
                // A host whose driver does not answer has none that could be used.
                return [];
            }
        }
    }
}
