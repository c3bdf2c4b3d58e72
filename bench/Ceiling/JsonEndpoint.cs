using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json;
using Granary.Torch;

namespace Granary.Ceiling;

/// <summary>Infernet's JSON with Utf8JsonReader and Utf8JsonWriter: every number below "values" goes into the tensor.</summary>
internal sealed class JsonEndpoint(Model model)
{
    [ThreadStatic]
    private static ArrayBufferWriter<byte>? _answer;

    [ThreadStatic]
    private static Utf8JsonWriter? _writer;

    public async Task HandleAsync(HttpContext context)
    {
        var body = await ReadAsync(context.Request.BodyReader);
        using var input = model.RentInput();
        Parse(body, input);
        context.Request.BodyReader.AdvanceTo(body.End);

        var answer = Answer(input);
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = answer.WrittenCount;
        context.Response.BodyWriter.Write(answer.WrittenSpan);
    }

    public static async ValueTask<ReadOnlySequence<byte>> ReadAsync(PipeReader reader)
    {
        while (true)
        {
            var read = await reader.ReadAsync();
            if (read.IsCompleted)
                return read.Buffer;
            reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }

    private static void Parse(ReadOnlySequence<byte> body, Tensor input)
    {
        var reader = new Utf8JsonReader(body);
        while (reader.Read())
        {
            if (reader.TokenType != JsonTokenType.PropertyName || !reader.ValueTextEquals("values"u8))
                continue;
            reader.Read();
            var depth = reader.CurrentDepth;
            if (input.DType == DType.Float64)
                ReadDoubles(ref reader, input.As<double>(), depth);
            else
                ReadSingles(ref reader, input.As<float>(), depth);
            return;
        }
    }

    private static void ReadDoubles(ref Utf8JsonReader reader, Span<double> values, int depth)
    {
        var count = 0;
        while (reader.Read() && reader.CurrentDepth > depth)
        {
            if (reader.TokenType == JsonTokenType.Number)
                values[count++] = reader.GetDouble();
        }
    }

    private static void ReadSingles(ref Utf8JsonReader reader, Span<float> values, int depth)
    {
        var count = 0;
        while (reader.Read() && reader.CurrentDepth > depth)
        {
            if (reader.TokenType == JsonTokenType.Number)
                values[count++] = reader.GetSingle();
        }
    }

    private ArrayBufferWriter<byte> Answer(Tensor input)
    {
        var answer = _answer ??= new ArrayBufferWriter<byte>(1 << 16);
        answer.ResetWrittenCount();
        var writer = _writer ??= new Utf8JsonWriter(answer, new JsonWriterOptions { SkipValidation = true });
        writer.Reset(answer);

        using var result = model.Forward(input);
        var output = (Tensor)result.Value;
        writer.WriteStartObject();
        writer.WriteString("dtype"u8, output.DType == DType.Float64 ? "double"u8 : "float"u8);
        writer.WriteStartArray("shape"u8);
        foreach (var size in output.Shape)
            writer.WriteNumberValue(size);
        writer.WriteEndArray();
        writer.WriteStartArray("values"u8);
        if (output.DType == DType.Float64)
        {
            foreach (var value in output.As<double>())
                writer.WriteNumberValue(value);
        }
        else
        {
            foreach (var value in output.As<float>())
                writer.WriteNumberValue(value);
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
        writer.Flush();
        return answer;
    }
}
