using System.Numerics;
using System.Runtime.CompilerServices;

namespace Granary.Serving.Json;

/// <summary>
/// Correctly rounded conversion of <c>w × 10^q</c> to binary floating point with one or two 64-bit multiplications:
/// D. Lemire, "Number Parsing at a Gigabyte per Second" (arXiv:2101.11408); that no fallback is needed for an exact
/// 64-bit <c>w</c> is shown by N. Mushtak and D. Lemire, "Fast Number Parsing Without Fallback" (arXiv:2212.06644).
/// </summary>
internal static class EiselLemire
{
    /// <summary>The magnitude of <c>w × 10^q</c> as binary64.</summary>
    public static double ToDouble(ulong w, long q) =>
        BitConverter.UInt64BitsToDouble(Round(w, q, PowersOfFive.Smallest, PowersOfFive.Largest, 52, -1023, 0x7FF, -4, 23));

    /// <summary>The magnitude of <c>w × 10^q</c> as binary32.</summary>
    public static float ToSingle(ulong w, long q) =>
        BitConverter.UInt32BitsToSingle((uint)Round(w, q, -64, 38, 23, -127, 0xFF, -17, 10));

    // smallest/largest: exponents of ten outside which the result is zero or infinite.
    // evenFrom/evenTo: exponents of ten for which a tie between two neighbours is possible at all.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Round(
        ulong w, long q, int smallest, int largest, int fractionBits, int minExponent, int infiniteExponent, int evenFrom, int evenTo)
    {
        if (w == 0 || q < smallest)
            return 0;
        if (q > largest)
            return (ulong)infiniteExponent << fractionBits;

        var leading = BitOperations.LeadingZeroCount(w);
        var high = Multiply(w << leading, (int)q, fractionBits + 3, out var low);
        var upper = (int)(high >> 63);
        var shift = upper + 64 - fractionBits - 3;
        // One bit more than the format keeps, for rounding.
        var mantissa = high >> shift;
        // 217706 / 65536 is log2(10), close enough for every exponent in the table.
        var exponent = (int)((217706 * q) >> 16) + 63 + upper - leading - minExponent;
        if (exponent <= 0)
            return RoundSubnormal(mantissa, exponent);

        // Exactly half way with an even neighbour below: round down instead of up.
        if (low <= 1 && q >= evenFrom && q <= evenTo && (mantissa & 3) == 1 && mantissa << shift == high)
            mantissa &= ~1ul;
        mantissa += mantissa & 1;
        mantissa >>= 1;
        // The hidden bit of the mantissa counts as one in the exponent field, and so does a carry out of rounding.
        var bits = ((ulong)(exponent - 1) << fractionBits) + mantissa;
        var infinite = (ulong)infiniteExponent << fractionBits;
        return bits < infinite ? bits : infinite;
    }

    private static ulong RoundSubnormal(ulong mantissa, int exponent)
    {
        if (1 - exponent >= 64)
            return 0;
        mantissa >>= 1 - exponent;
        mantissa += mantissa & 1;
        // A carry into the hidden bit's place is the smallest normal number, as it should be.
        return mantissa >> 1;
    }

    // The upper 128 bits of w × 5^q; the second multiplication only when the first leaves rounding open.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Multiply(ulong w, int q, int precision, out ulong low)
    {
        var words = PowersOfFive.Words;
        var index = 2 * (q - PowersOfFive.Smallest);
        var high = Math.BigMul(w, words[index], out low);
        var open = ulong.MaxValue >> precision;
        if ((high & open) == open)
        {
            var carry = Math.BigMul(w, words[index + 1], out _);
            low += carry;
            if (carry > low)
                high++;
        }

        return high;
    }
}
