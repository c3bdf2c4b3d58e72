using System.Globalization;

namespace Granary.Torch;

/// <summary>libtorch in this process: loaded once, on first use or by <see cref="Initialize"/>. Thread-safe.</summary>
public static unsafe class TorchRuntime
{
    // A failure is remembered: what the loader has refused once it refuses again.
    private static readonly Lazy<Facts> Loaded = new(Load, LazyThreadSafetyMode.ExecutionAndPublication);

    /// <summary>Such as <c>1.13.1</c>.</summary>
    /// <exception cref="TorchException">See <see cref="Initialize"/>; so for every property.</exception>
    public static string Version => Loaded.Value.Version;

    /// <summary>The widest instructions that the kernels use: <c>AVX512</c>, <c>AVX2</c>, <c>NO AVX</c>.</summary>
    public static string CpuCapability => Loaded.Value.CpuCapability;

    /// <summary>The matrix library in use, such as <c>OpenBLAS 0.3.21 …</c>.</summary>
    public static string BlasInfo => Loaded.Value.BlasInfo;

    /// <summary>All of that in one line: what decides the last bits of a result besides the model and the device.</summary>
    public static string Engine => $"libtorch {Version}; {CpuCapability}; {BlasInfo}";

    /// <summary>How many CUDA devices libtorch can use; 0 for a CPU build.</summary>
    public static int CudaDeviceCount => Loaded.Value.CudaDeviceCount;

    /// <summary>The GPUs that libtorch can use, with their memory now; empty for a CPU build. Not cached.</summary>
    public static IReadOnlyList<GpuInfo> Gpus
    {
        get
        {
            var gpus = new GpuInfo[CudaDeviceCount];
            for (var i = 0; i < gpus.Length; i++)
                gpus[i] = NativeGpus.Describe(i);
            return gpus;
        }
    }

    /// <summary>Native objects that are alive now.</summary>
    public static LiveObjects LiveObjects
    {
        get
        {
            _ = Loaded.Value;
            NativeRuntime.GetLive(out var modules, out var results, out var errors, out var storages);
            return new LiveObjects(modules, results, errors, storages);
        }
    }

    /// <summary>
    /// Loads libtorch (about 0.3 s, 156 MB) and sets it up: as many threads inside an operator as <c>OMP_NUM_THREADS</c>
    /// says, else one; no profiling, no fusing. A host may start this on a background thread and go on; later calls wait
    /// for the first and then cost nothing.
    /// </summary>
    /// <exception cref="TorchException"><see cref="TorchFailure.Library"/>: missing; the message says what to install.</exception>
    public static void Initialize() => _ = Loaded.Value;

    /// <summary>
    /// Runs a first small operation on the calling thread, so that its first real call is not slow and its thread
    /// settings are in force.
    /// </summary>
    /// <exception cref="TorchException">See <see cref="Initialize"/>.</exception>
    public static void WarmThread()
    {
        _ = Loaded.Value;
        NativeError.ThrowIfAny(NativeRuntime.WarmThread());
    }

    /// <summary>The thread settings in force on the calling thread.</summary>
    /// <exception cref="TorchException">See <see cref="Initialize"/>.</exception>
    public static ThreadSettings ThreadSettings
    {
        get
        {
            _ = Loaded.Value;
            NativeError.ThrowIfAny(NativeRuntime.GetThreads(out var intraOp, out var interOp, out var fromEnvironment));
            return new ThreadSettings(intraOp, interOp, fromEnvironment > 0);
        }
    }

    private static Facts Load()
    {
        NativeRuntime.Load(WantedThreads());
        NativeError.ThrowIfAny(NativeRuntime.Describe(out var tape));
        var reader = new ResultTape(tape);
        return new Facts(reader.ReadString(), reader.ReadString(), reader.ReadString(), reader.Read<int>());
    }

    private static int WantedThreads()
    {
        // OpenMP allows a list, one number a nesting level; the first counts.
        var first = Environment.GetEnvironmentVariable("OMP_NUM_THREADS")?.Split(',')[0];
        return int.TryParse(first, NumberStyles.None, CultureInfo.InvariantCulture, out var threads) && threads > 0 ? threads : 1;
    }

    private sealed record Facts(string Version, string CpuCapability, string BlasInfo, int CudaDeviceCount);
}
