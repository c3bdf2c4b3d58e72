using Granary.Serving.Activations;

namespace Granary.Serving.Tests.Activations;

internal sealed class FakeRuntime : IInferenceRuntime
{
    private int _trims;

    public int CudaDeviceCount { get; init; }

    public int Trims => Volatile.Read(ref _trims);

    public void WarmThread()
    {
    }

    public void TrimMemory() => Interlocked.Increment(ref _trims);
}
