using System.Buffers;
using System.Security.Cryptography;
using Encoding = System.Buffers.Text.Base64Url;

namespace Granary.Serving.Sources.Arweave;

/// <summary>Base64 with the URL alphabet and without padding, read strictly: one text for one value (RFC 4648, sections 3.5 and 5).</summary>
internal static class Base64Url
{
    /// <summary>Characters of an id or address: 32 bytes.</summary>
    public const int IdLength = 43;

    public static string Write(ReadOnlySpan<byte> bytes) => Encoding.EncodeToString(bytes);

    /// <summary>The id of what has this signature, or the address of the owner who has this key.</summary>
    public static string HashOf(ReadOnlySpan<byte> bytes) => Write(SHA256.HashData(bytes));

    /// <summary>Whether the text is an id or address.</summary>
    public static bool IsId(string text) => text.Length == IdLength && Encoding.IsValid(text) && TryRead(text, out _);

    /// <summary>Reads a text; false when it is not base64url without padding, or not the canonical text of its bytes.</summary>
    public static bool TryRead(string text, out byte[] bytes)
    {
        bytes = [];
        var buffer = new byte[Encoding.GetMaxDecodedLength(text.Length)];
        if (text.Contains('=', StringComparison.Ordinal) || text.AsSpan().ContainsAny(" \t\r\n")
            || Encoding.DecodeFromChars(text, buffer, out _, out var written) != OperationStatus.Done)
        {
            return false;
        }

        Array.Resize(ref buffer, written);
        bytes = buffer;
        // Unused bits at the end must be zero, or one value would have many texts.
        var tail = written % 3 == 0 ? "" : Write(buffer.AsSpan(written - (written % 3)));
        return text.AsSpan().EndsWith(tail);
    }

    /// <exception cref="FormatException">It is not canonical base64url.</exception>
    public static byte[] Read(string text) => TryRead(text, out var bytes) ? bytes : throw new FormatException("a field is not base64url");
}
