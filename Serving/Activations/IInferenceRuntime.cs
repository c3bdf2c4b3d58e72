namespace Granary.Serving.Activations;

/// <summary>What activations need of the machine below the module: thread preparation, memory trimming, devices.</summary>
public interface IInferenceRuntime
{
    /// <summary>GPUs that libtorch can use; 0 when there are none.</summary>
    int CudaDeviceCount { get; }

    /// <summary>Library, version and what decides the last bits of its results; see <see cref="Clusters.ModelProvenance.Engine"/>.</summary>
    string Engine => "";

    /// <summary>What is odd about the thread settings in force on the calling thread, for the log; null when nothing is.</summary>
    string? ThreadWarning => null;

    /// <summary>Applies the thread settings to the calling thread and runs one small operation on it, so that its first real call is not slow.</summary>
    void WarmThread();

    /// <summary>Gives freed native memory back to the operating system. Takes milliseconds; never called on a request's path.</summary>
    void TrimMemory();
}
