using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Granary.Serving.Formats.Triton.TextFormat;

namespace Granary.Serving.Formats.Triton.Config;

/// <summary>Reads and writes configurations. Nothing is normalised or checked beyond the grammar.</summary>
public static class ModelConfigCodec
{
    private static readonly MessageShape Shape = MessageShape.Of(typeof(ModelConfig));
    private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly JsonDocumentOptions Reading = new() { MaxDepth = TextParser.MaxDepth };

    /// <summary>Reads a <c>config.pbtxt</c>.</summary>
    /// <param name="utf8">Its bytes.</param>
    /// <param name="file">Its name for messages, such as <c>cifar10/config.pbtxt</c>; no server path.</param>
    /// <exception cref="ServingException"><see cref="ServingError.InvalidArgument"/>, as <c>file:line:column: what</c>.</exception>
    public static ModelConfig ParseText(ReadOnlySpan<byte> utf8, string file) =>
        (ModelConfig)new TextBinder(file).Bind(TextParser.Parse(utf8, file), Shape);

    /// <summary>Reads JSON as clients send it with a load request.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.InvalidArgument"/>, naming the path in the JSON.</exception>
    public static ModelConfig ParseJson(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json, Reading);
            return (ModelConfig)JsonBinder.Bind(document.RootElement, Shape);
        }
        catch (JsonException error)
        {
            throw new ServingException(ServingError.InvalidArgument,
                $"the configuration is not JSON (line {error.LineNumber + 1}, byte {error.BytePositionInLine + 1})", error);
        }
    }

    /// <summary>As <c>GET v2/models/…/config</c> of Triton answers: compact, every field.</summary>
    public static string ToJson(ModelConfig config)
    {
        var buffer = new ArrayBufferWriter<byte>();
        WriteJson(buffer, config);
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    /// <inheritdoc cref="ToJson"/>
    public static void WriteJson(IBufferWriter<byte> target, ModelConfig config)
    {
        using var json = new Utf8JsonWriter(target, Plain);
        JsonConfigWriter.Write(json, config, Shape);
    }

    /// <summary>As a <c>config.pbtxt</c> that <see cref="ParseText"/> reads back.</summary>
    public static string ToText(ModelConfig config)
    {
        var text = new StringBuilder();
        TextConfigWriter.Write(text, config, Shape);
        return text.ToString();
    }
}
