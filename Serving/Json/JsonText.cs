using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Granary.Serving.Json;

/// <summary>Steps over white space and numbers; shared by the loops that work on pointers.</summary>
internal static unsafe class JsonText
{
    /// <summary>The first byte that is not white space, or <paramref name="end"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static byte* SkipWhiteSpace(byte* p, byte* end) => p < end && *p <= ' ' ? SkipWhiteSpaceRun(p, end) : p;

    /// <summary>
    /// Like <see cref="SkipWhiteSpace"/> between the values of a list: formatted text has the same number of spaces before
    /// each, and <paramref name="indent"/> remembers it.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static byte* SkipIndent(byte* at, byte* end, ref int indent)
    {
        if (at >= end || *at > ' ')
            return at;
        if (end - at < Vector256<byte>.Count)
            return SkipWhiteSpace(at, end);
        var spaces = BitOperations.TrailingZeroCount(NonSpaces(at));
        // A correctly predicted branch: the next value is then found without waiting for the comparison.
        if (spaces == indent)
            return at + indent;
        if (spaces == Vector256<byte>.Count)
            return SkipWhiteSpace(at, end);
        indent = spaces;
        return at + spaces;
    }

    /// <summary>The byte after the number, or null when it is malformed. What follows it is not looked at.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static byte* SkipNumber(byte* p, byte* end)
    {
        if (Avx2.IsSupported && end - p > VectorNumber.BytesAhead)
        {
            var digits = p + (*p == '-' ? 1 : 0);
            var others = VectorNumber.NonDigits(digits);
            var whole = BitOperations.TrailingZeroCount(others);
            others &= others - 1;
            var after = BitOperations.TrailingZeroCount(others);
            if (whole == 1 && digits[1] == '.' && after > 2 && after < Vector256<byte>.Count && (digits[after] | 0x20) != 'e')
                return digits + after;
            if (whole is > 0 and < 32 && digits[whole] != '.' && (digits[whole] | 0x20) != 'e' && (whole == 1 || *digits != '0'))
                return digits + whole;
        }

        return NumberScanner.TryScan(p, end, out var number) ? number.End : null;
    }

    /// <summary>The byte after the last of several numbers with commas between them; null when the one at <paramref name="p"/> is malformed.</summary>
    public static byte* SkipNumbers(byte* p, byte* end)
    {
        var indent = 0;
        while (true)
        {
            var after = SkipNumber(p, end);
            if (after == null || after >= end || *after != ',')
                return after;
            p = SkipIndent(after + 1, end, ref indent);
            if (p >= end || (*p != '-' && !NumberScanner.IsDigit(*p)))
                return after;
        }
    }

    /// <summary>A bit for each of the 32 bytes at <paramref name="p"/> that is not white space.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint NonSpaces(byte* p)
    {
        var bytes = Vector256.Load(p);
        var spaces = Vector256.Equals(bytes, Vector256.Create((byte)' ')) | Vector256.Equals(bytes, Vector256.Create((byte)'\n'))
            | Vector256.Equals(bytes, Vector256.Create((byte)'\r')) | Vector256.Equals(bytes, Vector256.Create((byte)'\t'));
        return ~spaces.ExtractMostSignificantBits();
    }

    private static byte* SkipWhiteSpaceRun(byte* p, byte* end)
    {
        while (end - p >= Vector256<byte>.Count)
        {
            var others = NonSpaces(p);
            if (others != 0)
                return p + BitOperations.TrailingZeroCount(others);
            p += Vector256<byte>.Count;
        }

        while (p < end && *p is (byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t')
            p++;
        return p;
    }
}
