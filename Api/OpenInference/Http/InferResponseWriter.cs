using Granary.Serving.Formats.Triton.Naming;
using Granary.Serving.Json;

namespace Granary.Api.OpenInference.Http;

/// <summary>
/// Writes the JSON of an answer with Triton's order of keys, compact, floats in Triton's digits. Outputs in binary form follow it
/// and are written by <see cref="InferResponse"/> straight from the model's memory.
/// </summary>
internal static class InferResponseWriter
{
    /// <summary>Writes the JSON part.</summary>
    public static void Write(PooledBufferWriter writer, V2Result result)
    {
        WriteHead(writer, result);
        writer.Write(",\"outputs\":["u8);
        for (var i = 0; i < result.Outputs.Count; i++)
        {
            if (i > 0)
                writer.WriteByte((byte)',');
            WriteOutput(writer, result.Outputs[i]);
        }

        writer.Write("]}"u8);
    }

    /// <summary>Begins the object: the request's name where it has one, then the model.</summary>
    public static void WriteHead(PooledBufferWriter writer, V2Result result)
    {
        writer.WriteByte((byte)'{');
        if (result.Id.Length > 0)
        {
            writer.Write("\"id\":"u8);
            JsonScalarWriter.WriteString(writer, result.Id);
            writer.WriteByte((byte)',');
        }

        writer.Write("\"model_name\":"u8);
        JsonScalarWriter.WriteString(writer, result.ModelName);
        writer.Write(",\"model_version\":"u8);
        JsonScalarWriter.WriteString(writer, result.ModelVersion);
    }

    private static void WriteOutput(PooledBufferWriter writer, V2ResultOutput output)
    {
        writer.Write("{\"name\":"u8);
        JsonScalarWriter.WriteString(writer, output.Name);
        writer.Write(",\"datatype\":\""u8);
        foreach (var letter in output.Datatype.WireName())
            writer.WriteByte((byte)letter);
        writer.Write("\",\"shape\":"u8);
        JsonTensorWriter.WriteShape(writer, output.Shape);
        if (output.Binary)
        {
            writer.Write(",\"parameters\":{\"binary_data_size\":"u8);
            JsonScalarWriter.WriteInt64(writer, output.BinaryLength);
            writer.Write("}}"u8);
            return;
        }

        writer.Write(",\"data\":"u8);
        if (output.Texts is null)
            JsonTensorWriter.WriteFlatAsTriton(writer, output.Tensor!);
        else
            WriteTexts(writer, output.Texts);
        writer.WriteByte((byte)'}');
    }

    /// <summary>Writes a list of strings.</summary>
    public static void WriteTexts(PooledBufferWriter writer, IReadOnlyList<string> texts)
    {
        writer.WriteByte((byte)'[');
        for (var i = 0; i < texts.Count; i++)
        {
            if (i > 0)
                writer.WriteByte((byte)',');
            JsonScalarWriter.WriteString(writer, texts[i]);
        }

        writer.WriteByte((byte)']');
    }
}
