using Granary.Api.Http;
using Granary.Serving.Json;

namespace Granary.Api.TorchServe;

/// <summary>Answers with the headers that every answer of TorchServe carries: an id of the request, and that nothing may be cached.</summary>
internal static class TorchServeAnswers
{
    /// <summary>Writes a whole answer.</summary>
    public static async Task WriteAsync(HttpContext context, int status, string contentType, PooledBufferWriter body)
    {
        AddHeaders(context.Response.Headers);
        await Responses.WriteAsync(context.Response, status, contentType, body.WrittenMemory);
    }

    /// <summary><c>{"status": "…"}</c>.</summary>
    public static async Task WriteStatusAsync(HttpContext context, int status, string text)
    {
        using var writer = new PooledBufferWriter();
        WriteStatus(writer, text);
        writer.WriteByte((byte)'\n');
        await WriteAsync(context, status, Responses.Json, writer);
    }

    /// <summary>Writes <c>{"status": "…"}</c>, without a line end.</summary>
    public static void WriteStatus(PooledBufferWriter writer, string text)
    {
        writer.Write("{\n  \"status\": "u8);
        JsonScalarWriter.WriteString(writer, text);
        writer.Write("\n}"u8);
    }

    private static void AddHeaders(IHeaderDictionary headers)
    {
        headers["x-request-id"] = Guid.NewGuid().ToString();
        headers.Pragma = "no-cache";
        headers.CacheControl = "no-cache; no-store, must-revalidate, private";
        headers.Expires = "Thu, 01 Jan 1970 00:00:00 UTC";
    }
}
