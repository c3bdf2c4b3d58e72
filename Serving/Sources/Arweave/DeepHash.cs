using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Granary.Serving.Sources.Arweave;

/// <summary>
/// The hash over nested lists that transactions of format 2 and data items sign: SHA-384, with the kind and the length of each
/// part hashed in, so that no two lists share one. Source: ArweaveTeam/arweave ar_deep_hash.erl; ANS-104.
/// </summary>
internal static class DeepHash
{
    public static byte[] Blob(ReadOnlySpan<byte> content) => Blob(SHA384.HashData(content), content.Length);

    public static byte[] Blob(string text) => Blob(Encoding.UTF8.GetBytes(text));

    /// <summary>The hash of content whose SHA-384 is known.</summary>
    public static byte[] Blob(ReadOnlySpan<byte> sha384, long length)
    {
        var tag = SHA384.HashData(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"blob{length}")));
        return SHA384.HashData([.. tag, .. sha384]);
    }

    /// <summary>The hash of a list, from the hashes of its parts.</summary>
    public static byte[] List(IReadOnlyList<byte[]> parts)
    {
        var hash = SHA384.HashData(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"list{parts.Count}")));
        foreach (var part in parts)
            hash = SHA384.HashData([.. hash, .. part]);
        return hash;
    }
}
