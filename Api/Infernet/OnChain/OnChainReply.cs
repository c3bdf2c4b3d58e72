namespace Granary.Api.Infernet.OnChain;

/// <summary>What is needed to answer in the five keys of an on-chain destination.</summary>
/// <param name="rawInput">The request's bytes, which the answer repeats; null for an off-chain request. Owned.</param>
/// <param name="output">How a vector of generation 2.0 is packed.</param>
internal sealed class OnChainReply(HexData? rawInput, OutputOptions output) : IDisposable
{
    /// <summary>The request's bytes; none for an off-chain request.</summary>
    public ReadOnlySpan<byte> RawInput => rawInput is null ? [] : rawInput.Bytes;

    /// <summary>How a vector of generation 2.0 is packed.</summary>
    public OutputOptions Output => output;

    /// <inheritdoc/>
    public void Dispose() => rawInput?.Dispose();
}
