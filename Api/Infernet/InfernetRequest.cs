using Granary.Api.Infernet.OnChain;
using Granary.Torch;

namespace Granary.Api.Infernet;

/// <summary>A request, understood: the tensor, which model, and how the answer is to be written. Dispose once it is answered.</summary>
internal readonly record struct InfernetRequest(InfernetFormat Format, Tensor Input, ModelReference Model) : IDisposable
{
    /// <summary>The method to call.</summary>
    public string Method { get; init; } = DefaultMethod;

    /// <summary>Whether the same request must give the same bits; always so on-chain, where nodes must agree.</summary>
    public bool Deterministic { get; init; }

    /// <summary>How to answer in ABI form; null for JSON.</summary>
    public OnChainReply? Reply { get; init; }

    /// <summary>The method of a request that names none.</summary>
    public const string DefaultMethod = "forward";

    /// <inheritdoc/>
    public void Dispose()
    {
        Input.Dispose();
        Reply?.Dispose();
    }
}
