using Granary.Api.Infernet.Receipts;
using Granary.Serving;
using Granary.Serving.Json;
using Granary.Torch;

namespace Granary.Api.Infernet.OnChain;

/// <summary>
/// Writes the object with the five keys from which a node makes a transaction; every value is hexadecimal without <c>0x</c>.
/// Source: infernet-node, <c>src/chain/processor.py</c>.
/// </summary>
internal static class OnChainResponseWriter
{
    /// <summary>Writes the whole body, and signs the receipt when there is one.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.Unsupported"/>: the generation's vector cannot hold the value.</exception>
    public static void Write(PooledBufferWriter writer, InfernetFormat format, OnChainReply reply, Tensor tensor, Receipt? receipt)
    {
        using var output = new PooledBufferWriter();
        Encode(output, format, reply.Output, tensor);
        writer.Write("{\"raw_input\":\""u8);
        WriteHex(writer, reply.RawInput);
        writer.Write("\",\"processed_input\":\"\",\"raw_output\":\""u8);
        WriteHex(writer, output.WrittenSpan);
        writer.Write("\",\"processed_output\":\"\",\"proof\":\""u8);
        if (receipt is not null)
        {
            receipt.Sign(reply.RawInput, output.WrittenSpan);
            if (receipt.IsProof)
                WriteProof(writer, receipt);
        }

        writer.Write("\"}"u8);
    }

    private static void Encode(PooledBufferWriter output, InfernetFormat format, OutputOptions options, Tensor tensor)
    {
        switch (format)
        {
            case InfernetFormat.Values:
                Generation0.Write(output, tensor);
                break;
            case InfernetFormat.Vector:
                Generation1.WriteVector(output, tensor);
                break;
            default:
                Generation2.WriteVector(output, tensor, options);
                break;
        }
    }

    private static void WriteProof(PooledBufferWriter writer, Receipt receipt)
    {
        Span<byte> proof = stackalloc byte[Receipt.ProofSize];
        receipt.WriteProof(proof);
        WriteHex(writer, proof);
    }

    private static void WriteHex(PooledBufferWriter writer, ReadOnlySpan<byte> bytes)
    {
        // The request was smaller than an array and AbiWriter bounds the answer, so this cannot overflow.
        Convert.TryToHexStringLower(bytes, writer.GetSpan(2 * bytes.Length), out var written);
        writer.Advance(written);
    }
}
