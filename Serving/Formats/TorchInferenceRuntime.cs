using Granary.Serving.Activations;
using Granary.Torch;

namespace Granary.Serving.Formats;

/// <summary>The runtime that is libtorch.</summary>
internal sealed class TorchInferenceRuntime : IInferenceRuntime
{
    public int CudaDeviceCount => TorchRuntime.CudaDeviceCount;

    public string Engine => TorchRuntime.Engine;

    public string? ThreadWarning
    {
        get
        {
            try
            {
                return TorchRuntime.ThreadSettings.Warning;
            }
            catch (TorchException)
            {
                // A missing library shows in the load itself.
                return null;
            }
        }
    }

    public void WarmThread() => TorchRuntime.WarmThread();

    public void TrimMemory() => NativeHeap.Trim();
}
