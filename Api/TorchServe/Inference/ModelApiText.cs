using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Granary.Api.Http;
using Granary.Serving.Json;
using Granary.Serving.Models;

namespace Granary.Api.TorchServe.Inference;

/// <summary>The OpenAPI description of one model: <c>OPTIONS /predictions/{model}</c> and <c>OPTIONS /models/{model}</c>.</summary>
internal static class ModelApiText
{
    private static readonly JsonWriterOptions Readable = new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Answers with the description.</summary>
    public static async Task WriteAsync(HttpContext context, ModelDefinition definition)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, Readable))
            Write(json, definition);
        using var writer = new PooledBufferWriter();
        writer.Write(buffer.WrittenSpan);
        writer.WriteByte((byte)'\n');
        await TorchServeAnswers.WriteAsync(context, StatusCodes.Status200OK, Responses.Json, writer);
    }

    private static void Write(Utf8JsonWriter json, ModelDefinition definition)
    {
        json.WriteStartObject();
        json.WriteString("openapi"u8, "3.0.1");
        json.WriteStartObject("info"u8);
        json.WriteString("title"u8, $"RESTful API for: {definition.Name}");
        json.WriteString("version"u8, definition.Version);
        json.WriteEndObject();
        json.WriteStartObject("paths"u8);
        json.WriteStartObject($"/predictions/{definition.Name}/{definition.Version}");
        json.WriteStartObject("post"u8);
        json.WriteString("operationId"u8, $"predictions_{definition.Name}");
        if (definition.Description is { } description)
            json.WriteString("description"u8, description);
        WriteRequest(json, definition);
        json.WriteStartObject("responses"u8);
        WriteResponse(json, "200", "What the model answered", definition.Outputs);
        WriteResponse(json, "404", "There is no such model or version", null);
        WriteResponse(json, "503", "No worker is free, or the prediction failed", null);
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteRequest(Utf8JsonWriter json, ModelDefinition definition)
    {
        json.WriteStartObject("requestBody"u8);
        json.WriteStartObject("content"u8);
        json.WriteStartObject("application/json"u8);
        WriteSchema(json, definition.Inputs);
        json.WriteEndObject();
        json.WriteStartObject("application/octet-stream"u8);
        json.WriteEndObject();
        json.WriteStartObject("multipart/form-data"u8);
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteResponse(Utf8JsonWriter json, string status, string description, IReadOnlyList<TensorSpec>? tensors)
    {
        json.WriteStartObject(status);
        json.WriteString("description"u8, description);
        if (tensors is not null)
        {
            json.WriteStartObject("content"u8);
            json.WriteStartObject("application/json"u8);
            WriteSchema(json, tensors);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    private static void WriteSchema(Utf8JsonWriter json, IReadOnlyList<TensorSpec> tensors)
    {
        json.WriteStartObject("schema"u8);
        if (tensors.Count > 0)
            json.WriteString("description"u8, string.Join(", ", tensors.Select(static tensor => $"{tensor.Name}: {tensor.DType} [{string.Join(',', tensor.Shape)}]")));
        json.WriteEndObject();
    }
}
