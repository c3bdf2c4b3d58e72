using System.Text.Json;
using Granary.Api.Http;
using Microsoft.Extensions.Options;

namespace Granary.Api.OpenInference.Http;

/// <summary>Reads the small JSON bodies of the protocol, whatever their Content-Type says; no body is an empty object.</summary>
internal sealed class JsonBody(IOptions<ServerOptions> options)
{
    private readonly long _limitBytes = options.Value.MaxRequestBodyBytes;

    /// <summary>The object of the body.</summary>
    /// <exception cref="Serving.ServingException">Malformed, no object, or too large.</exception>
    public async ValueTask<JsonElement> ReadAsync(HttpContext context)
    {
        using var body = await RequestBody.ReadAsync(context.Request, _limitBytes, context.RequestAborted);
        return Parse(body.Span);
    }

    private static JsonElement Parse(ReadOnlySpan<byte> body)
    {
        try
        {
            var reader = new Utf8JsonReader(body.IsEmpty ? "{}"u8 : body);
            using var document = JsonDocument.ParseValue(ref reader);
            if (document.RootElement.ValueKind != JsonValueKind.Object || reader.Read())
                throw V2Errors.Invalid("failed to parse the request JSON buffer: expected one object");
            return document.RootElement.Clone();
        }
        catch (JsonException exception)
        {
            throw V2Errors.Invalid($"failed to parse the request JSON buffer: {exception.Message}");
        }
    }
}
