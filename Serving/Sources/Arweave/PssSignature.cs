using System.Numerics;
using System.Security.Cryptography;

namespace Granary.Serving.Sources.Arweave;

/// <summary>
/// RSASSA-PSS with SHA-256 and exponent 65537, for a salt of any length: wallets use the longest salt or 32 bytes, the network
/// accepts all, and .NET checks only a length it is told. Public values only, so nothing needs constant time.
/// Source: RFC 8017, sections 8.1.2 and 9.1.2.
/// </summary>
internal static class PssSignature
{
    /// <summary>Smallest key that is accepted: 2,048 bits.</summary>
    public const int MinModulusBytes = 256;

    /// <summary>Largest key that is accepted, and the one that the network makes: 4,096 bits.</summary>
    public const int MaxModulusBytes = 512;

    private const int HashBytes = 32;

    /// <param name="modulus">The owner: the key's modulus, big-endian.</param>
    /// <param name="hash">SHA-256 of the message.</param>
    /// <param name="signature">As long as the modulus.</param>
    public static bool Verify(ReadOnlySpan<byte> modulus, ReadOnlySpan<byte> hash, ReadOnlySpan<byte> signature)
    {
        if (modulus.Length is < MinModulusBytes or > MaxModulusBytes || modulus[0] == 0 || signature.Length != modulus.Length)
            return false;
        var n = new BigInteger(modulus, isUnsigned: true, isBigEndian: true);
        var s = new BigInteger(signature, isUnsigned: true, isBigEndian: true);
        if (s >= n)
            return false;
        var bits = (int)n.GetBitLength() - 1;
        var encoded = new byte[(bits + 7) / 8];
        var message = BigInteger.ModPow(s, 65537, n);
        if (message.GetByteCount(isUnsigned: true) > encoded.Length)
            return false;
        var used = message.ToByteArray(isUnsigned: true, isBigEndian: true);
        used.CopyTo(encoded, encoded.Length - used.Length);
        return IsEncoding(encoded, (8 * encoded.Length) - bits, hash);
    }

    private static bool IsEncoding(byte[] encoded, int unusedBits, ReadOnlySpan<byte> hash)
    {
        var block = encoded.AsSpan(0, encoded.Length - HashBytes - 1);
        var digest = encoded.AsSpan(block.Length, HashBytes);
        if (encoded[^1] != 0xbc || block[0] >> (8 - unusedBits) != 0)
            return false;
        Unmask(block, digest);
        block[0] &= (byte)(0xff >> unusedBits);
        var one = block.IndexOfAnyExcept((byte)0);
        return one >= 0 && block[one] == 1
            && SHA256.HashData([.. new byte[8], .. hash, .. block[(one + 1)..]]).AsSpan().SequenceEqual(digest);
    }

    // MGF1 with SHA-256 (RFC 8017, B.2.1).
    private static void Unmask(Span<byte> block, ReadOnlySpan<byte> seed)
    {
        for (var counter = 0; counter * HashBytes < block.Length; counter++)
        {
            var mask = SHA256.HashData([.. seed, (byte)(counter >> 24), (byte)(counter >> 16), (byte)(counter >> 8), (byte)counter]);
            var part = block[(counter * HashBytes)..];
            for (var i = 0; i < Math.Min(part.Length, HashBytes); i++)
                part[i] ^= mask[i];
        }
    }
}
