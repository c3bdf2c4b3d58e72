using System.Buffers;
using System.IO.Pipelines;
using Granary.Serving.Formats.Triton.Naming;
using Granary.Serving.Json;

namespace Granary.Api.OpenInference.Grpc;

/// <summary>
/// Writes <c>inference.ModelInferResponse</c>: first everything but the tensors, then each tensor with one copy from the model's
/// memory. Elements are always in <c>raw_output_contents</c>, as Triton's are.
/// </summary>
internal static class InferAnswerWriter
{
    private const int PieceBytes = 256 * 1024;
    private const int OutputField = 5;
    private const int RawField = 6;

    // ModelInferResponse.parameters { "triton_final_response": bool_param true }.
    private static ReadOnlySpan<byte> Final => "\u0022\u001b\u000a\u0015triton_final_response\u0012\u0002\u0008\u0001"u8;

    /// <summary>Length of the message.</summary>
    public static long SizeOf(V2Result result, bool final)
    {
        var size = SizeOfHead(result, final);
        foreach (var output in result.Outputs)
            size += ProtoWriter.SizeOfBlock(output.BinaryLength);
        return size;
    }

    /// <summary>Writes the message whole.</summary>
    public static void Write(V2Result result, bool final, IBufferWriter<byte> output)
    {
        WriteHead(result, final, output);
        foreach (var tensor in result.Outputs)
        {
            BeginRaw(tensor, output);
            if (tensor.Tensor is { } numbers)
                output.Write(numbers.Bytes);
            else
                WriteTexts(tensor, output);
        }
    }

    /// <summary>Writes the message, sending large tensors piece by piece.</summary>
    public static async ValueTask WriteAsync(V2Result result, bool final, PipeWriter output, CancellationToken cancellation)
    {
        WriteHead(result, final, output);
        foreach (var tensor in result.Outputs)
        {
            BeginRaw(tensor, output);
            if (tensor.Tensor is null)
            {
                WriteTexts(tensor, output);
                continue;
            }

            for (long at = 0; at < tensor.Tensor.ByteLength; at += PieceBytes)
            {
                output.Write(tensor.Tensor.Bytes[(int)at..(int)Math.Min(at + PieceBytes, tensor.Tensor.ByteLength)]);
                await output.FlushAsync(cancellation);
            }
        }
    }

    /// <summary>Length of a message with nothing but names, as a failed request of a stream is answered.</summary>
    public static long SizeOfNames(string model, string version, string id) =>
        ProtoWriter.SizeOfText(model) + ProtoWriter.SizeOfText(version) + ProtoWriter.SizeOfText(id) + Final.Length;

    /// <summary>Writes such a message.</summary>
    public static void WriteNames(ref ProtoWriter writer, string model, string version, string id)
    {
        writer.WriteText(1, model);
        writer.WriteText(2, version);
        writer.WriteText(3, id);
        writer.WriteRaw(Final);
    }

    private static long SizeOfHead(V2Result result, bool final)
    {
        var size = ProtoWriter.SizeOfText(result.ModelName) + ProtoWriter.SizeOfText(result.ModelVersion) + ProtoWriter.SizeOfText(result.Id);
        foreach (var output in result.Outputs)
            size += ProtoWriter.SizeOfBlock(SizeOfOutput(output));
        return final ? size + Final.Length : size;
    }

    private static void WriteHead(V2Result result, bool final, IBufferWriter<byte> output)
    {
        var writer = new ProtoWriter(output.GetSpan((int)SizeOfHead(result, final)));
        writer.WriteText(1, result.ModelName);
        writer.WriteText(2, result.ModelVersion);
        writer.WriteText(3, result.Id);
        if (final)
            writer.WriteRaw(Final);
        foreach (var tensor in result.Outputs)
        {
            writer.BeginBlock(OutputField, SizeOfOutput(tensor));
            writer.WriteText(1, tensor.Name);
            writer.WriteText(2, tensor.Datatype.WireName());
            if (tensor.Shape.Length == 0)
                continue;
            writer.BeginBlock(3, SizeOfShape(tensor.Shape));
            foreach (var size in tensor.Shape)
                writer.WriteVarint((ulong)size);
        }

        output.Advance(writer.Written);
    }

    private static void BeginRaw(V2ResultOutput tensor, IBufferWriter<byte> output)
    {
        var writer = new ProtoWriter(output.GetSpan(12));
        writer.BeginBlock(RawField, tensor.BinaryLength);
        output.Advance(writer.Written);
    }

    private static void WriteTexts(V2ResultOutput output, IBufferWriter<byte> target)
    {
        using var texts = new PooledBufferWriter();
        BytesElements.Write(texts, output.Texts!);
        target.Write(texts.WrittenSpan);
    }

    private static long SizeOfOutput(V2ResultOutput output)
    {
        var size = ProtoWriter.SizeOfText(output.Name) + ProtoWriter.SizeOfText(output.Datatype.WireName());
        return output.Shape.Length == 0 ? size : size + ProtoWriter.SizeOfBlock(SizeOfShape(output.Shape));
    }

    private static long SizeOfShape(long[] shape)
    {
        long size = 0;
        foreach (var dimension in shape)
            size += ProtoWriter.SizeOfVarint((ulong)dimension);
        return size;
    }
}
