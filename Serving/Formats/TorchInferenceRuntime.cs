using Granary.Serving.Activations;
using Granary.Torch;

namespace Granary.Serving.Formats;

/// <summary>The runtime that is libtorch.</summary>
internal sealed class TorchInferenceRuntime : IInferenceRuntime
{
    public int CudaDeviceCount => TorchRuntime.CudaDeviceCount;

    public void WarmThread() => TorchRuntime.WarmThread();

    public void TrimMemory() => NativeHeap.Trim();
}
