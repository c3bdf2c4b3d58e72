using System.Buffers;
using System.IO.Compression;
using Granary.Api.Http;
using Granary.Serving.Json;
using Microsoft.Extensions.Primitives;

namespace Granary.Api.Grpc;

/// <summary>Compression of single messages. Source: https://github.com/grpc/grpc/blob/master/doc/compression.md.</summary>
internal static class GrpcCompression
{
    /// <summary>Every encoding, as <c>grpc-accept-encoding</c> lists them.</summary>
    public const string Accepted = "identity,gzip,deflate";

    private const int ChunkBytes = 64 * 1024;

    /// <summary>The encoding that a <c>grpc-encoding</c> header names.</summary>
    /// <exception cref="GrpcException">It is unknown here.</exception>
    public static GrpcEncoding Parse(StringValues header)
    {
        if (header.Count == 0)
            return GrpcEncoding.Identity;
        return header.ToString() switch
        {
            "identity" or "" => GrpcEncoding.Identity,
            "gzip" => GrpcEncoding.Gzip,
            "deflate" => GrpcEncoding.Deflate,
            var name => throw new GrpcException(GrpcStatus.Unimplemented, $"The compression '{name}' is not supported; known are {Accepted}"),
        };
    }

    /// <summary>The name of an encoding on the wire.</summary>
    public static string NameOf(GrpcEncoding encoding) => encoding switch
    {
        GrpcEncoding.Gzip => "gzip",
        GrpcEncoding.Deflate => "deflate",
        _ => "identity",
    };

    /// <summary>What answers are compressed with: the same as the requests, if the caller takes that.</summary>
    public static GrpcEncoding ForResponse(GrpcEncoding requests, StringValues accepted)
    {
        if (requests == GrpcEncoding.Identity)
            return GrpcEncoding.Identity;
        foreach (var header in accepted)
        {
            foreach (var range in header.AsSpan().Split(','))
            {
                if (header.AsSpan(range).Trim().SequenceEqual(NameOf(requests)))
                    return requests;
            }
        }

        return GrpcEncoding.Identity;
    }

    /// <summary>Unpacks into an array of the shared pool, which the caller gives back.</summary>
    /// <exception cref="GrpcException">It is no such compressed data, or too large.</exception>
    public static byte[] Decompress(in ReadOnlySequence<byte> packed, GrpcEncoding encoding, int limitBytes, out int length)
    {
        if (packed.IsEmpty)
            throw new GrpcException(GrpcStatus.Internal, $"A message is marked as compressed and has no bytes; {NameOf(encoding)} data has some even for an empty message");
        var bytes = ArrayPool<byte>.Shared.Rent((int)Math.Clamp(packed.Length * 4, 1024, ChunkBytes));
        length = 0;
        try
        {
            using var stream = Unpack(new SequenceStream(packed), encoding);
            while (true)
            {
                if (length == bytes.Length)
                    Grow(ref bytes, limitBytes);
                // One byte more than allowed tells a message that is too large.
                var read = stream.Read(bytes.AsSpan(length));
                if (read == 0)
                    return bytes;
                length += read;
                if (length > limitBytes)
                    throw new GrpcException(GrpcStatus.ResourceExhausted, $"A message has more than {limitBytes} bytes when decompressed (option {GrpcOptions.SectionName}:{nameof(GrpcOptions.MaxMessageBytes)})");
            }
        }
        catch (Exception exception)
        {
            ArrayPool<byte>.Shared.Return(bytes);
            if (exception is InvalidDataException)
                throw new GrpcException(GrpcStatus.Internal, $"A message is no {NameOf(encoding)} data: {exception.Message}");
            throw;
        }
    }

    /// <summary>Packs what <paramref name="plain"/> holds into <paramref name="output"/>.</summary>
    public static void Compress(ReadOnlySpan<byte> plain, GrpcEncoding encoding, PooledBufferWriter output)
    {
        using var stream = Pack(new BufferStream(output), encoding);
        stream.Write(plain);
    }

    private static Stream Unpack(Stream packed, GrpcEncoding encoding) =>
        encoding == GrpcEncoding.Gzip ? new GZipStream(packed, CompressionMode.Decompress) : new ZLibStream(packed, CompressionMode.Decompress);

    private static Stream Pack(Stream packed, GrpcEncoding encoding) =>
        encoding == GrpcEncoding.Gzip ? new GZipStream(packed, CompressionLevel.Fastest) : new ZLibStream(packed, CompressionLevel.Fastest);

    private static void Grow(ref byte[] bytes, int limitBytes)
    {
        var wanted = Math.Min(Math.Max(bytes.Length * 2L, ChunkBytes), Math.Max((long)limitBytes + 1, bytes.Length + 1L));
        var larger = ArrayPool<byte>.Shared.Rent((int)Math.Min(wanted, Array.MaxLength));
        if (larger.Length == bytes.Length)
            throw new GrpcException(GrpcStatus.ResourceExhausted, $"A message has more than {limitBytes} bytes when decompressed");
        bytes.CopyTo(larger, 0);
        ArrayPool<byte>.Shared.Return(bytes);
        bytes = larger;
    }
}
