using System.Numerics;
using System.Runtime.CompilerServices;

namespace Granary.Serving.Json;

/// <summary>
/// Reads whole numbers exactly. A number with a point or an exponent is whole when its value is: <c>3.0</c>, <c>1e3</c>,
/// <c>1200e-2</c>; as pydantic does for its integers.
/// </summary>
internal static unsafe class WholeNumbers
{
    private const int MaxDigits = 20;

    // So many digits always fit a long.
    private const int PlainDigits = 18;

    /// <summary>Reads a number as sign and magnitude.</summary>
    /// <param name="p">First byte; moved behind the number when the result is Ok.</param>
    /// <param name="end">End of the text.</param>
    /// <param name="magnitude">The absolute value.</param>
    /// <param name="negative">Whether it is below zero; false for <c>-0</c>.</param>
    public static WholeNumberResult Read(ref byte* p, byte* end, out ulong magnitude, out bool negative)
    {
        var first = p;
        negative = first < end && *first == '-';
        if (negative)
            first++;
        var after = ReadShort(first, end, out magnitude);
        if (after == null)
            return ReadAny(ref p, end, out magnitude, out negative);
        negative &= magnitude != 0;
        p = after;
        return WholeNumberResult.Ok;
    }

    // Up to 18 digits and nothing after them that belongs to the number; null otherwise.
    private static byte* ReadShort(byte* first, byte* end, out ulong magnitude)
    {
        magnitude = 0;
        var digit = first;
        if (end - first >= sizeof(ulong))
        {
            // Without a branch that depends on how many digits there are.
            var eight = Unsafe.ReadUnaligned<ulong>(first) ^ 0x3030303030303030;
            var count = BitOperations.TrailingZeroCount((eight | (eight + 0x7676767676767676)) & 0x8080808080808080) >> 3;
            if (count == 0)
                return null;
            magnitude = NumberScanner.EightDigits(eight << (64 - (8 * count)));
            digit += count;
        }

        var limit = end - first > PlainDigits ? first + PlainDigits : end;
        while (digit < limit && NumberScanner.IsDigit(*digit))
            magnitude = (magnitude * 10) + (uint)(*digit++ - '0');
        var plain = digit > first && (*first != '0' || digit == first + 1) && (digit == end || !ContinuesNumber(*digit));
        return plain ? digit : null;
    }

    private static bool ContinuesNumber(byte next) => NumberScanner.IsDigit(next) || next == '.' || (next | 0x20) == 'e';

    private static WholeNumberResult ReadAny(ref byte* p, byte* end, out ulong magnitude, out bool negative)
    {
        magnitude = 0;
        negative = false;
        if (!NumberScanner.TryScan(p, end, out var number))
            return WholeNumberResult.Malformed;
        if (number.Form != NumberForm.Finite)
            return WholeNumberResult.NotWhole;
        var result = ToMagnitude(number, out magnitude);
        if (result != WholeNumberResult.Ok)
            return result;
        negative = number.Negative && magnitude != 0;
        p = number.End;
        return WholeNumberResult.Ok;
    }

    private static WholeNumberResult ToMagnitude(in ScannedNumber number, out ulong magnitude)
    {
        UInt128 value = number.Mantissa;
        var exponent = number.Exponent;
        magnitude = 0;
        if (value == 0)
            return WholeNumberResult.Ok;
        if (number.Truncated && !TryTakeMore(number, ref value, ref exponent))
            return exponent < 0 ? WholeNumberResult.NotWhole : WholeNumberResult.OutOfRange;
        for (; exponent < 0 && value % 10 == 0; exponent++)
            value /= 10;
        if (exponent < 0)
            return WholeNumberResult.NotWhole;
        for (; exponent > 0 && value <= ulong.MaxValue; exponent--)
            value *= 10;
        magnitude = (ulong)value;
        return value <= ulong.MaxValue ? WholeNumberResult.Ok : WholeNumberResult.OutOfRange;
    }

    // A magnitude of 64 bits may have a twentieth digit. With more significant digits than that a number cannot be both
    // whole and in range: then false, and the exponent says which, being that of the last digit other than zero.
    private static bool TryTakeMore(in ScannedNumber number, ref UInt128 value, ref long exponent)
    {
        var count = 0;
        var last = 0;
        UInt128 twenty = value;
        foreach (var character in number.Text)
        {
            if ((character | 0x20) == 'e')
                break;
            if (!NumberScanner.IsDigit(character) || (count == 0 && character == '0'))
                continue;
            count++;
            if (character != '0')
                last = count;
            if (count == MaxDigits)
                twenty = (value * 10) + (uint)(character - '0');
        }

        // The scanner's exponent belongs to the 19th digit.
        if (last > MaxDigits)
        {
            exponent -= last - NumberScanner.ExactDigits;
            return false;
        }

        value = twenty;
        exponent--;
        return true;
    }
}
