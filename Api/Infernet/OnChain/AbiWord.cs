using System.Buffers.Binary;
using System.Numerics;

namespace Granary.Api.Infernet.OnChain;

/// <summary>
/// One 32-byte big-endian word of the Solidity ABI, as four numbers of 64 bits with <see cref="A"/> the most significant.
/// Source: https://docs.soliditylang.org/en/latest/abi-spec.html
/// </summary>
internal readonly record struct AbiWord(ulong A, ulong B, ulong C, ulong D)
{
    /// <summary>Bytes of a word.</summary>
    public const int Size = 32;

    /// <summary>Reads the first 32 bytes of <paramref name="bytes"/>.</summary>
    public static AbiWord Load(ReadOnlySpan<byte> bytes) => new(
        BinaryPrimitives.ReadUInt64BigEndian(bytes),
        BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]),
        BinaryPrimitives.ReadUInt64BigEndian(bytes[16..]),
        BinaryPrimitives.ReadUInt64BigEndian(bytes[24..]));

    /// <summary>A word that holds an unsigned number.</summary>
    public static AbiWord From(ulong value) => new(0, 0, 0, value);

    /// <summary>A word that holds a signed number, sign-extended.</summary>
    public static AbiWord From(long value)
    {
        var sign = (ulong)(value >> 63);
        return new AbiWord(sign, sign, sign, (ulong)value);
    }

    /// <summary>A word that holds a signed number of 128 bits, sign-extended.</summary>
    public static AbiWord From(Int128 value)
    {
        var sign = Int128.IsNegative(value) ? ulong.MaxValue : 0;
        return new AbiWord(sign, sign, (ulong)(value >> 64), (ulong)value);
    }

    /// <summary>A word that holds a signed number of at most 256 bits, sign-extended.</summary>
    public static AbiWord From(BigInteger value) => new(Part(value, 192), Part(value, 128), Part(value, 64), Part(value, 0));

    /// <summary>Whether the upper 192 bits are zero, as those of every unsigned type of up to 64 bits are.</summary>
    public bool IsUInt64 => (A | B | C) == 0;

    /// <summary>Whether the upper 128 bits are zero.</summary>
    public bool IsUInt128 => (A | B) == 0;

    /// <summary>Whether the upper 192 bits repeat the sign of the rest, as those of every signed type of up to 64 bits do.</summary>
    public bool IsInt64 => Extends((ulong)((long)D >> 63)) && C == A;

    /// <summary>Whether the upper 128 bits repeat the sign of the rest.</summary>
    public bool IsInt128 => Extends((ulong)((long)C >> 63));

    /// <summary>The lower 128 bits as a signed number.</summary>
    public Int128 Int128 => (Int128)new UInt128(C, D);

    /// <summary>The whole word as a signed number.</summary>
    public BigInteger Int256 => ((((((BigInteger)(long)A << 64) + B) << 64) + C) << 64) + D;

    /// <summary>Writes the word to the first 32 bytes of <paramref name="bytes"/>.</summary>
    public void Store(Span<byte> bytes)
    {
        BinaryPrimitives.WriteUInt64BigEndian(bytes, A);
        BinaryPrimitives.WriteUInt64BigEndian(bytes[8..], B);
        BinaryPrimitives.WriteUInt64BigEndian(bytes[16..], C);
        BinaryPrimitives.WriteUInt64BigEndian(bytes[24..], D);
    }

    /// <summary>The word in hexadecimal, without leading zeros.</summary>
    public override string ToString()
    {
        var text = $"{A:x16}{B:x16}{C:x16}{D:x16}".TrimStart('0');
        return text.Length == 0 ? "0x0" : "0x" + text;
    }

    private bool Extends(ulong sign) => A == sign && B == sign;

    private static ulong Part(BigInteger value, int shift) => (ulong)((value >> shift) & ulong.MaxValue);
}
