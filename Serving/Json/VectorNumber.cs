using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Granary.Serving.Json;

/// <summary>
/// The fast path for numbers of the form <c>-0.1234567890123456</c>: up to 8 digits, then perhaps a point
/// and up to 18 digits, no exponent.
/// It finds the end of the number with one comparison of 32 bytes and converts 16 digits at once, so that neither the
/// number of digits nor the sign costs a mispredicted branch. Everything else is left to <see cref="NumberScanner"/>.
/// </summary>
internal static unsafe class VectorNumber
{
    /// <summary>Readable bytes needed from the start of the number on: a sign, 32 bytes, and one more.</summary>
    public const int BytesAhead = 34;

    /// <summary>Readable bytes needed before the start of the number: digits are loaded so that they end at the right.</summary>
    public const int BytesBehind = 24;

    private const int MaxWhole = 8;
    private const int MaxFraction = 18;

    // Row n of a sliding window: the last n of 16 bytes are kept.
    private static ReadOnlySpan<byte> KeepLast =>
    [
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    ];

    private static ReadOnlySpan<ulong> WholePowers =>
    [
        1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000, 10000000000, 100000000000, 1000000000000,
        10000000000000, 100000000000000, 1000000000000000, 10000000000000000, 100000000000000000, 1000000000000000000,
    ];

    private static ReadOnlySpan<double> Powers =>
    [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
    ];

    /// <summary>A bit for each of the 32 bytes at <paramref name="p"/> that is not a digit.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint NonDigits(byte* p) =>
        Vector256.GreaterThan(Vector256.Load(p) - Vector256.Create((byte)'0'), Vector256.Create((byte)9)).ExtractMostSignificantBits();

    /// <summary>Reads a binary32 or binary64 number.</summary>
    /// <param name="p">The first byte, with <see cref="BytesBehind"/> and <see cref="BytesAhead"/> readable bytes around it.</param>
    /// <param name="destination">Where the number goes, correctly rounded; may be written to in vain.</param>
    /// <returns>The byte after the number; null when it has another form.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static byte* Read<T>(byte* p, T* destination)
        where T : unmanaged
    {
        var negative = *p == '-' ? 1u : 0u;
        var digits = p + negative;
        var others = NonDigits(digits);
        var whole = BitOperations.TrailingZeroCount(others);
        if ((uint)(whole - 1) >= MaxWhole)
            return null;
        ulong mantissa = (uint)(*digits - '0');
        if (whole > 1)
        {
            if (mantissa == 0)
                return null;
            mantissa = NumberScanner.EightDigits((Unsafe.ReadUnaligned<ulong>(digits) - 0x3030303030303030) << (64 - (8 * whole)));
        }

        if (digits[whole] != '.')
            return (digits[whole] | 0x20) != 'e' ? StoreWhole((uint)mantissa, negative, destination, digits + whole) : null;
        others &= others - 1;
        var after = BitOperations.TrailingZeroCount(others);
        var fraction = after - whole - 1;
        if ((uint)(fraction - 1) >= MaxFraction || (digits[after] | 0x20) == 'e')
            return null;

        if (whole + fraction > MaxFraction && mantissa != 0)
            return null;
        mantissa = (mantissa * Unsafe.Add(ref MemoryMarshal.GetReference(WholePowers), fraction)) + Fraction(digits + after, fraction);
        return Scale(mantissa, fraction, negative, destination) ? digits + after : null;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static byte* StoreWhole<T>(uint magnitude, uint negative, T* destination, byte* after)
        where T : unmanaged
    {
        if (typeof(T) == typeof(double))
            *(ulong*)destination = BitConverter.DoubleToUInt64Bits(magnitude) | ((ulong)negative << 63);
        else
            *(uint*)destination = BitConverter.SingleToUInt32Bits((int)magnitude) | (negative << 31);
        return after;
    }

    // The value of the 1 to 18 digits before the end.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Fraction(byte* end, int count)
    {
        var digits = Vector128.Load(end - 16) - Vector128.Create((byte)'0');
        digits &= Vector128.LoadUnsafe(ref MemoryMarshal.GetReference(KeepLast), (nuint)count);
        var pairs = Ssse3.MultiplyAddAdjacent(digits, Vector128.Create((ushort)0x010A).AsSByte());
        var quads = Sse2.MultiplyAddAdjacent(pairs, Vector128.Create(0x00010064).AsInt16());
        var eights = Sse2.MultiplyAddAdjacent(Sse41.PackUnsignedSaturate(quads, quads).AsInt16(), Vector128.Create(0x00012710).AsInt16());
        var joined = eights.AsUInt64().ToScalar();
        var last = ((joined & uint.MaxValue) * 100_000_000) + (joined >> 32);
        // Digits 17 and 18 from the right, when there are so many.
        // Multiplied by 0 or 1 rather than branched on: there is no telling how many digits the next number has.
        ulong first = (uint)(end[-17] - '0') * (count > 16 ? 1u : 0u);
        first += (uint)(end[-18] - '0') * (count > 17 ? 10u : 0u);
        return (first * 10_000_000_000_000_000) + last;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool Scale<T>(ulong mantissa, int fraction, uint negative, T* destination)
        where T : unmanaged
    {
        if (typeof(T) == typeof(double))
        {
            var magnitude = BitConverter.DoubleToUInt64Bits(EiselLemire.ToDouble(mantissa, -fraction));
            *(ulong*)destination = magnitude | ((ulong)negative << 63);
            return true;
        }

        // Wrong by less than three units of binary64, so binary32 rounds it rightly unless it lies that close to half way
        // between two neighbours. (mantissa < 10^18 < 2^63, and the powers of ten are exact.)
        var near = (long)mantissa / Unsafe.Add(ref MemoryMarshal.GetReference(Powers), fraction);
        var distance = ((uint)BitConverter.DoubleToUInt64Bits(near) & 0x1FFFFFFF) - (0x10000000 - 8);
        *(uint*)destination = BitConverter.SingleToUInt32Bits((float)near) | (negative << 31);
        return distance > 16;
    }
}
