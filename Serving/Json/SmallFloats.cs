using System.Numerics;

namespace Granary.Serving.Json;

/// <summary>
/// Rounds decimal numbers to the floating-point formats below binary32, to nearest even, once: going through a rounded
/// binary64 goes wrong only when that lies exactly half way between two neighbours of the small format, and then the
/// decimal digits themselves decide.
/// </summary>
internal static class SmallFloats
{
    private const int DoubleFractionBits = 52;

    // No point half way between two neighbours of these formats has more significant decimal digits.
    private const int DecidingDigits = 256;

    /// <summary>IEEE binary16.</summary>
    public static ushort ToFloat16(in ScannedNumber number, double value) => (ushort)Round(number, value, 10, -14, 0x7C00, 0x7E00, 0x8000);

    /// <summary>bfloat16: the exponent of binary32, 7 bits of fraction.</summary>
    public static ushort ToBFloat16(in ScannedNumber number, double value) => (ushort)Round(number, value, 7, -126, 0x7F80, 0x7FC0, 0x8000);

    /// <summary>8 bits with 5 of exponent.</summary>
    public static byte ToFloat8E5M2(in ScannedNumber number, double value) => (byte)Round(number, value, 2, -14, 0x7C, 0x7E, 0x80);

    /// <summary>8 bits with 4 of exponent: no infinities, what is too large becomes NaN, as PyTorch converts.</summary>
    public static byte ToFloat8E4M3Fn(in ScannedNumber number, double value) => (byte)Round(number, value, 3, -6, 0x7F, 0x7F, 0x80);

    private static uint Round(
        in ScannedNumber number, double value, int fractionBits, int minExponent, uint infinity, uint nan, uint signBit)
    {
        if (double.IsNaN(value))
            return nan;
        var sign = double.IsNegative(value) ? signBit : 0;
        if (double.IsInfinity(value))
            return sign | infinity;
        var bits = BitConverter.DoubleToUInt64Bits(value) & (ulong.MaxValue >> 1);
        var exponent = (int)(bits >> DoubleFractionBits) - 1023;
        var significand = (bits & ((1ul << DoubleFractionBits) - 1)) | (1ul << DoubleFractionBits);
        var quantum = Math.Max(exponent, minExponent);
        var shift = DoubleFractionBits - fractionBits + quantum - exponent;
        // Below half of the smallest subnormal. A subnormal binary64, which has no hidden bit, ends here too.
        if (shift > DoubleFractionBits + 1)
            return sign;

        var kept = (uint)(significand >> shift);
        var rest = significand & ((1ul << shift) - 1);
        var half = 1ul << (shift - 1);
        if (rest > half || (rest == half && IsTieRoundedUp(number, value, (kept & 1) != 0)))
            kept++;
        // The hidden bit counts as one in the exponent field, and so does a carry out of rounding.
        var rounded = ((uint)(quantum - minExponent) << fractionBits) + kept;
        return sign | Math.Min(rounded, infinity);
    }

    private static bool IsTieRoundedUp(in ScannedNumber number, double tie, bool odd)
    {
        var order = CompareMagnitude(number, Math.Abs(tie));
        return order > 0 || (order == 0 && odd);
    }

    // The sign of (decimal - value), exactly. Rare: the double nearest to the text is a tie of the small format.
    private static int CompareMagnitude(in ScannedNumber number, double value)
    {
        var (digits, exponent, dropped) = Significant(number);
        var bits = BitConverter.DoubleToUInt64Bits(value);
        var power = (int)(bits >> DoubleFractionBits) - 1023 - DoubleFractionBits;
        BigInteger right = (bits & ((1ul << DoubleFractionBits) - 1)) | (1ul << DoubleFractionBits);
        if (power >= 0)
            right <<= power;
        else
            digits <<= -power;
        if (exponent >= 0)
            digits *= BigInteger.Pow(10, (int)exponent);
        else
            right *= BigInteger.Pow(10, (int)-exponent);
        var order = digits.CompareTo(right);
        return order == 0 && dropped ? 1 : order;
    }

    private static (BigInteger Digits, long Exponent, bool Dropped) Significant(in ScannedNumber number)
    {
        if (!number.Truncated)
            return (number.Mantissa, number.Exponent, false);
        var kept = new BigInteger(number.Mantissa);
        var exponent = number.Exponent;
        var seen = 0;
        var count = 0;
        foreach (var character in number.Text)
        {
            if ((character | 0x20) == 'e')
                break;
            if (!NumberScanner.IsDigit(character) || (count == 0 && character == '0'))
                continue;
            count++;
            // The scanner has taken the first 19 already.
            if (count <= NumberScanner.ExactDigits)
                continue;
            if (count > DecidingDigits)
            {
                if (character != '0')
                    return (kept, exponent - seen, true);
                continue;
            }

            kept = (kept * 10) + (character - '0');
            seen++;
        }

        return (kept, exponent - seen, false);
    }
}
