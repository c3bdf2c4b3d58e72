namespace Granary.Torch;

/// <summary>How a module is loaded.</summary>
public sealed record ModuleOptions
{
    /// <summary>The most that <see cref="IntraOpThreads"/> may be.</summary>
    public const int MaxIntraOpThreads = 1024;

    /// <summary><c>cpu</c> or <c>cuda:N</c>. Default <c>cpu</c>.</summary>
    public string Device { get; init; } = "cpu";

    /// <summary>
    /// Run <c>torch::jit::optimize_for_inference</c>: faster (ResNet-18 26 to 20 ms), moves results by about 1e-7. Default false.
    /// Deterministic calls run the plain code, so both forms are kept: up to twice the memory.
    /// </summary>
    public bool Optimize { get; init; }

    /// <summary>
    /// Threads inside one operator on the CPU. Default 0: as the process, see <see cref="TorchRuntime.Initialize"/>. A BLAS with threads of
    /// its own has one number for the process: the largest that the calls running at the moment ask for. Deterministic calls use one.
    /// </summary>
    public int IntraOpThreads { get; init; }
}
