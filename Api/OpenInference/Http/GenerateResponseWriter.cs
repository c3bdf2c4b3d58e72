using Granary.Serving.Json;

namespace Granary.Api.OpenInference.Http;

/// <summary>Writes an answer as one flat object: every output is a key; one element alone stands without a list.</summary>
internal static class GenerateResponseWriter
{
    /// <summary>Writes the object.</summary>
    public static void Write(PooledBufferWriter writer, V2Result result)
    {
        InferResponseWriter.WriteHead(writer, result);
        foreach (var output in result.Outputs)
        {
            writer.WriteByte((byte)',');
            JsonScalarWriter.WriteString(writer, output.Name);
            writer.WriteByte((byte)':');
            WriteData(writer, output);
        }

        writer.WriteByte((byte)'}');
    }

    private static void WriteData(PooledBufferWriter writer, V2ResultOutput output)
    {
        var single = (output.Texts?.Count ?? output.Tensor!.ElementCount) == 1;
        if (output.Texts is { } texts)
        {
            if (single)
                JsonScalarWriter.WriteString(writer, texts[0]);
            else
                InferResponseWriter.WriteTexts(writer, texts);
            return;
        }

        var start = writer.WrittenCount;
        JsonTensorWriter.WriteFlatAsTriton(writer, output.Tensor!);
        if (single)
            Unwrap(writer, start);
    }

    // "[x]" becomes "x": one element is short, so moving it costs nothing.
    private static void Unwrap(PooledBufferWriter writer, int start)
    {
        var element = writer.WrittenSpan[(start + 1)..^1].ToArray();
        writer.Truncate(start);
        writer.Write(element);
    }
}
