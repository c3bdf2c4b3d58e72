namespace Granary.Api.Grpc;

/// <summary>How messages are compressed.</summary>
internal enum GrpcEncoding
{
    /// <summary>Not at all.</summary>
    Identity,

    /// <summary>RFC 1952.</summary>
    Gzip,

    /// <summary>Deflate within zlib's frame, RFC 1950.</summary>
    Deflate,
}
