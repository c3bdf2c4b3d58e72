using System.Buffers;
using Granary.Serving.Embeddings.Lookup;
using Granary.Serving.Embeddings.Speedy;
using Granary.Torch;

namespace Granary.Serving.Embeddings.Remote;

/// <summary>
/// Writes what a worker answers to <c>forward_batched_direct</c>: <c>Result&lt;EmbeddingBatch&gt;</c>. Source: PersiaML/PERSIA,
/// <c>rust/persia-common/src/lib.rs</c>.
/// </summary>
public static class EmbeddingBatchWriter
{
    private const uint Raw = 0;
    private const uint Sum = 1;

    /// <summary>Writes an answer that went well; gradients are not waited for.</summary>
    /// <param name="output">Gets it.</param>
    /// <param name="embeddings">Of float16, in the order of the batch; they stay the caller's.</param>
    public static void Write(IBufferWriter<byte> output, ReadOnlySpan<FeatureEmbedding> embeddings)
    {
        var writer = new SpeedyWriter(output);
        writer.WriteFlag(true);
        writer.WriteCount(embeddings.Length);
        foreach (var embedding in embeddings)
        {
            if (embedding is RawEmbedding raw)
                WriteRaw(writer, raw);
            else
                WriteSum(writer, (SummedEmbedding)embedding);
        }

        // Who may send gradients: nobody.
        writer.WriteFlag(false);
    }

    private static void WriteSum(SpeedyWriter writer, SummedEmbedding embedding)
    {
        writer.WriteUInt32(Sum);
        writer.WriteString(embedding.Name);
        WriteMatrix(writer, embedding.Values);
    }

    private static void WriteRaw(SpeedyWriter writer, RawEmbedding embedding)
    {
        writer.WriteUInt32(Raw);
        writer.WriteString(embedding.Name);
        WriteMatrix(writer, embedding.Rows);
        writer.WriteList<long>(embedding.Index.As<long>());
        writer.WriteList<long>(embedding.Counts.As<long>());
    }

    private static void WriteMatrix(SpeedyWriter writer, Tensor matrix)
    {
        writer.WriteList<long>(matrix.Shape);
        writer.WriteList<Half>(matrix.As<Half>());
    }
}
