using System.IO.Compression;
using Granary.Api.Http;
using Granary.Serving;
using Granary.Serving.Json;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace Granary.Api.OpenInference.Http;

/// <summary>How a body is compressed.</summary>
internal enum ContentCoding
{
    /// <summary>Not at all.</summary>
    Identity,

    /// <summary>gzip.</summary>
    Gzip,

    /// <summary>zlib, which HTTP calls deflate (RFC 9110 section 8.4.1.2).</summary>
    Deflate,
}

/// <summary>Reads and writes compressed bodies.</summary>
internal static class ContentCodings
{
    /// <summary>What this server reads, for the header of a refusal.</summary>
    public const string Supported = "gzip, deflate";

    /// <summary>The coding of a request's body.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.Unsupported"/>: another one.</exception>
    public static ContentCoding OfRequest(StringValues contentEncoding) => contentEncoding.ToString() switch
    {
        "" => ContentCoding.Identity,
        var name when name.Equals("identity", StringComparison.OrdinalIgnoreCase) => ContentCoding.Identity,
        var name when name.Equals("gzip", StringComparison.OrdinalIgnoreCase) => ContentCoding.Gzip,
        var name when name.Equals("deflate", StringComparison.OrdinalIgnoreCase) => ContentCoding.Deflate,
        var name => throw new ServingException(ServingError.Unsupported, $"Unsupported Content-Encoding '{name}'; this server reads {Supported}"),
    };

    /// <summary>The coding that a client wants for the answer: the one with the highest weight; gzip of equals.</summary>
    public static ContentCoding OfResponse(StringValues acceptEncoding)
    {
        if (acceptEncoding.Count == 0 || !StringWithQualityHeaderValue.TryParseList(acceptEncoding, out var accepted))
            return ContentCoding.Identity;
        var (best, weight) = (ContentCoding.Identity, 0.0);
        foreach (var one in accepted)
        {
            var coding = one.Value.Equals("gzip", StringComparison.OrdinalIgnoreCase) ? ContentCoding.Gzip
                : one.Value.Equals("deflate", StringComparison.OrdinalIgnoreCase) ? ContentCoding.Deflate : ContentCoding.Identity;
            var quality = one.Quality ?? 1;
            if (coding != ContentCoding.Identity && (quality > weight || (quality == weight && quality > 0 && coding == ContentCoding.Gzip)))
                (best, weight) = (coding, quality);
        }

        return best;
    }

    /// <summary>The header's value of a coding.</summary>
    public static string NameOf(ContentCoding coding) => coding == ContentCoding.Gzip ? "gzip" : "deflate";

    /// <summary>Compresses a body.</summary>
    public static void Compress(PooledBufferWriter target, ContentCoding coding, ReadOnlySpan<byte> body)
    {
        using var stream = new BufferStream(target);
        using Stream compressor = coding == ContentCoding.Gzip
            ? new GZipStream(stream, CompressionLevel.Fastest, leaveOpen: true)
            : new ZLibStream(stream, CompressionLevel.Fastest, leaveOpen: true);
        compressor.Write(body);
    }

    /// <summary>Decompresses a body.</summary>
    /// <param name="target">Gets the content.</param>
    /// <param name="coding">Not identity.</param>
    /// <param name="body">As received.</param>
    /// <param name="limitBytes">Most bytes that may come out of it.</param>
    /// <exception cref="ServingException">Broken, cut off, or too large.</exception>
    public static unsafe void Decompress(PooledBufferWriter target, ContentCoding coding, ReadOnlySpan<byte> body, long limitBytes)
    {
        fixed (byte* start = body)
        {
            using var source = new UnmanagedMemoryStream(start, body.Length);
            using Stream stream = coding == ContentCoding.Gzip ? new GZipStream(source, CompressionMode.Decompress) : new ZLibStream(source, CompressionMode.Decompress);
            try
            {
                Copy(stream, target, limitBytes);
            }
            catch (InvalidDataException)
            {
                throw V2Errors.Invalid($"the body is not what its Content-Encoding '{NameOf(coding)}' says, or it is cut off");
            }
        }
    }

    private static void Copy(Stream stream, PooledBufferWriter target, long limitBytes)
    {
        while (true)
        {
            var read = stream.Read(target.GetSpan(64 * 1024));
            if (read == 0)
                return;
            target.Advance(read);
            if (target.WrittenCount > limitBytes)
                throw new ServingException(ServingError.TooLarge, $"The decompressed request body has more than {limitBytes} bytes (option --max-body-bytes)");
        }
    }
}
