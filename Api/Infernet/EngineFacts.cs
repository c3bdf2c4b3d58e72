using Granary.Torch;

namespace Granary.Api.Infernet;

/// <summary>
/// What decides the last bits of an answer besides the model: two hosts with the same facts give the same bytes to a
/// deterministic request.
/// </summary>
/// <param name="Version">Of libtorch.</param>
/// <param name="CpuCapability">The widest instructions that its kernels use, such as <c>AVX2</c>.</param>
/// <param name="Blas">The matrix library, with the kernel that it chose for this processor.</param>
/// <param name="Description">The same in one line, as receipts have it before the device.</param>
internal sealed record EngineFacts(string Version, string CpuCapability, string Blas, string Description)
{
    /// <summary>The facts; null without libtorch.</summary>
    public static EngineFacts? Read()
    {
        try
        {
            return new EngineFacts(TorchRuntime.Version, TorchRuntime.CpuCapability, TorchRuntime.BlasInfo, TorchRuntime.Engine);
        }
        catch (TorchException)
        {
            return null;
        }
    }
}
