using Granary.Api.Http;
using Granary.Serving;
using Granary.Serving.Json;

namespace Granary.Api.OpenInference.Http;

/// <summary>A request's body as its Content-Encoding means it. Dispose after reading.</summary>
internal readonly struct DecodedBody : IDisposable
{
    private readonly RequestBody _received;
    private readonly PooledBufferWriter? _content;

    private DecodedBody(RequestBody received, PooledBufferWriter? content)
    {
        _received = received;
        _content = content;
    }

    /// <summary>The content.</summary>
    public ReadOnlySpan<byte> Span => _content is null ? _received.Span : _content.WrittenSpan;

    /// <summary>Reads it whole.</summary>
    /// <param name="request">Not read yet.</param>
    /// <param name="limitBytes">Most bytes, as sent and as decompressed.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="ServingException">Of an unknown coding, broken, or too large.</exception>
    public static async ValueTask<DecodedBody> ReadAsync(HttpRequest request, long limitBytes, CancellationToken cancellation)
    {
        var coding = ContentCodings.OfRequest(request.Headers.ContentEncoding);
        var received = await RequestBody.ReadAsync(request, limitBytes, cancellation);
        if (coding == ContentCoding.Identity)
            return new DecodedBody(received, null);
        var content = new PooledBufferWriter(Math.Max(256, received.Length * 2));
        try
        {
            ContentCodings.Decompress(content, coding, received.Span, limitBytes);
            return new DecodedBody(received, content);
        }
        catch
        {
            content.Dispose();
            received.Dispose();
            throw;
        }
    }

    /// <summary>Gives the buffers back.</summary>
    public void Dispose()
    {
        _content?.Dispose();
        _received.Dispose();
    }
}
