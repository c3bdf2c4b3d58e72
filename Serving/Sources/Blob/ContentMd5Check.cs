using System.Security.Cryptography;

namespace Granary.Serving.Sources.Blob;

/// <summary>
/// Compares the content with the <c>Content-MD5</c> that the blob carries. It finds damage, not malice: whoever can write the
/// blob can write its property.
/// </summary>
internal sealed class ContentMd5Check(byte[] expected) : IContentCheck
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.MD5);

    /// <summary>Reads the header; null when it is no MD5 in base64.</summary>
    public static byte[]? Parse(string? header)
    {
        var bytes = new byte[24];
        return header is { Length: 24 } && Convert.TryFromBase64String(header, bytes, out var length) && length == MD5.HashSizeInBytes
            ? bytes[..length]
            : null;
    }

    public void Append(ReadOnlySpan<byte> bytes) => _hash.AppendData(bytes);

    public void Restart() => _hash.GetHashAndReset();

    public string? Fault(string sha256)
    {
        var actual = _hash.GetCurrentHash();
        return actual.AsSpan().SequenceEqual(expected)
            ? null
            : $"it has the MD5 {Convert.ToHexStringLower(actual)}, its Content-MD5 says {Convert.ToHexStringLower(expected)}";
    }

    public void Dispose() => _hash.Dispose();
}
