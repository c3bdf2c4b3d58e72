namespace Granary.Torch;

/// <summary>How many threads libtorch uses.</summary>
/// <param name="IntraOp">Threads inside one operator of one call.</param>
/// <param name="InterOp">Threads for what a model forks (<c>torch.jit.fork</c>).</param>
/// <param name="FromEnvironment">Whether <c>OMP_NUM_THREADS</c> was in the environment when the process started.</param>
public sealed record ThreadSettings(int IntraOp, int InterOp, bool FromEnvironment)
{
    /// <summary>What to do about settings that cost speed; null when all is well.</summary>
    public string? Warning => FromEnvironment
        ? null
        : "OMP_NUM_THREADS was not set when the process started: OpenMP and BLAS may start a thread a core for every call; "
            + $"Granary set {IntraOp} for its own threads. Start with ./run, or export OMP_NUM_THREADS=1.";
}
