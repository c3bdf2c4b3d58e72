using System.Runtime.CompilerServices;

namespace Granary.Serving.Json;

/// <summary>
/// Takes numbers apart by the strict grammar of RFC 8259 section 6, plus the three literals of Python's json module.
/// What follows a number is the caller's to check.
/// </summary>
internal static unsafe class NumberScanner
{
    /// <summary>Decimal digits that always fit a <see cref="ulong"/>.</summary>
    public const int ExactDigits = 19;

    // Far outside every float format and far inside long, so that adding the length of a text cannot overflow.
    private const long ExponentCap = 1L << 50;

    /// <summary>Scans the number at <paramref name="start"/>.</summary>
    /// <returns>False when what stands there is not a number; the fields of <paramref name="number"/> are then meaningless.</returns>
    public static bool TryScan(byte* start, byte* end, out ScannedNumber number)
    {
        Unsafe.SkipInit(out number);
        number.Start = start;
        number.Truncated = false;
        number.Form = NumberForm.Finite;
        var p = start;
        number.Negative = p < end && *p == '-';
        if (number.Negative)
            p++;
        if (p >= end || !IsDigit(*p))
            return TryScanLiteral(p, end, ref number);

        ulong mantissa = 0;
        var digits = p;
        p = ReadDigits(p, end, ref mantissa);
        if (*digits == '0' && p != digits + 1)
            return false;
        var count = p - digits;
        long exponent = 0;
        if (p < end && *p == '.')
        {
            var fraction = ++p;
            p = ReadDigits(p, end, ref mantissa);
            exponent = fraction - p;
            if (exponent == 0)
                return false;
            count -= exponent;
        }

        var digitsEnd = p;
        long scale = 0;
        if (p < end && (*p | 0x20) == 'e' && !TryReadScale(ref p, end, out scale))
            return false;
        number.End = p;
        number.Mantissa = mantissa;
        number.Exponent = exponent + scale;
        if (count > ExactDigits)
            Rescan(digits, digitsEnd, scale, ref number);
        return true;
    }

    /// <summary>Whether the byte is an ASCII digit.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsDigit(byte value) => (uint)(value - '0') <= 9;

    /// <summary>The value of eight ASCII digits in memory order, each already reduced to 0…9.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint EightDigits(ulong digits)
    {
        // Neighbours are joined to pairs, pairs to quads, quads to the whole: three multiplications.
        digits = (digits * 10) + (digits >> 8);
        return (uint)((((digits & 0x000000FF000000FF) * 0x000F424000000064) + (((digits >> 16) & 0x000000FF000000FF) * 0x0000271000000001)) >> 32);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static byte* ReadDigits(byte* p, byte* end, ref ulong mantissa)
    {
        while (end - p >= 8)
        {
            var eight = Unsafe.ReadUnaligned<ulong>(p);
            if (!AreEightDigits(eight))
                break;
            mantissa = unchecked((mantissa * 100_000_000) + EightDigits(eight - 0x3030303030303030));
            p += 8;
        }

        while (p < end && IsDigit(*p))
            mantissa = unchecked((mantissa * 10) + (uint)(*p++ - '0'));
        return p;
    }

    // Each byte is a digit when its upper half is 3 and stays 3 after adding 6.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool AreEightDigits(ulong bytes) =>
        ((bytes & 0xF0F0F0F0F0F0F0F0) | (((bytes + 0x0606060606060606) & 0xF0F0F0F0F0F0F0F0) >> 4)) == 0x3333333333333333;

    private static bool TryReadScale(ref byte* p, byte* end, out long scale)
    {
        scale = 0;
        p++;
        var negative = p < end && *p == '-';
        if (p < end && (*p == '-' || *p == '+'))
            p++;
        if (p >= end || !IsDigit(*p))
            return false;
        for (; p < end && IsDigit(*p); p++)
        {
            if (scale < ExponentCap)
                scale = (scale * 10) + (*p - '0');
        }

        if (negative)
            scale = -scale;
        return true;
    }

    // More than 19 digits: leading zeros do not count, and what lies beyond the 19th significant one is only noted.
    private static void Rescan(byte* p, byte* end, long scale, ref ScannedNumber number)
    {
        ulong mantissa = 0;
        var significant = 0;
        var afterPoint = false;
        for (; p < end; p++)
        {
            if (*p == '.')
            {
                afterPoint = true;
                continue;
            }

            if (significant < ExactDigits)
            {
                mantissa = (mantissa * 10) + (uint)(*p - '0');
                significant += mantissa == 0 ? 0 : 1;
                scale -= afterPoint ? 1 : 0;
            }
            else
            {
                number.Truncated |= *p != '0';
                scale += afterPoint ? 0 : 1;
            }
        }

        number.Mantissa = mantissa;
        number.Exponent = scale;
    }

    private static bool TryScanLiteral(byte* p, byte* end, ref ScannedNumber number)
    {
        var rest = new ReadOnlySpan<byte>(p, (int)(end - p));
        if (rest.StartsWith("Infinity"u8))
        {
            number.Form = NumberForm.Infinity;
            number.End = p + 8;
            return true;
        }

        number.Form = NumberForm.NaN;
        number.End = p + 3;
        return !number.Negative && rest.StartsWith("NaN"u8);
    }
}
