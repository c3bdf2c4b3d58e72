namespace Granary.Torch;

/// <summary>How a module is loaded.</summary>
public sealed record ModuleOptions
{
    /// <summary><c>cpu</c> or <c>cuda:N</c>. Default <c>cpu</c>.</summary>
    public string Device { get; init; } = "cpu";

    /// <summary>
    /// Run <c>torch::jit::optimize_for_inference</c>: faster (ResNet-18 26 to 20 ms), moves results by about 1e-7. Default false.
    /// Deterministic calls run the plain code, so both forms are kept: up to twice the memory.
    /// </summary>
    public bool Optimize { get; init; }
}
