using System.Text.Encodings.Web;
using System.Text.Json;
using Granary.Serving.Json;

namespace Granary.Api.OpenInference.Http;

/// <summary>Writes the small JSON answers of the protocol, compact and without needless escapes, as Triton's are.</summary>
internal static class JsonAnswer
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes one answer.</summary>
    public static async Task WriteAsync(HttpContext context, Action<Utf8JsonWriter> write)
    {
        using var buffer = new PooledBufferWriter();
        using (var json = new Utf8JsonWriter(buffer, Options))
            write(json);
        await V2Endpoint.WriteAsync(context, buffer);
    }
}
