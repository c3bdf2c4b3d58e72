using System.Security.Cryptography;

namespace Granary.Serving.Responses;

/// <summary>SHA-256 of everything about a request that decides its answer. Two requests with one digest are the same request.</summary>
internal readonly record struct RequestDigest(Int128 First, Int128 Second)
{
    public static RequestDigest From(ReadOnlySpan<byte> hash)
    {
        if (hash.Length != SHA256.HashSizeInBytes)
            throw new ArgumentException($"a digest has {SHA256.HashSizeInBytes} bytes, not {hash.Length}", nameof(hash));
        return new RequestDigest(Read(hash), Read(hash[16..]));
    }

    /// <summary>Any part of a good hash is one.</summary>
    public override int GetHashCode() => (int)First;

    private static Int128 Read(ReadOnlySpan<byte> bytes) => System.Buffers.Binary.BinaryPrimitives.ReadInt128LittleEndian(bytes);
}
