using System.Globalization;

namespace Granary.Serving.Json;

/// <summary>
/// Floats as Triton's HTTP endpoint prints them: widened to binary64, digits by <see cref="Grisu2"/>, without an exponent between
/// 1e-6 and 1e21, always with a point or an exponent. Source: rapidjson, <c>internal/dtoa.h</c> (layout of the text only).
/// </summary>
internal readonly struct TritonFloatText : IElementText<double>, IElementText<float>
{
    private const int LargestPlain = 21;
    private const int SmallestPlain = -6;

    public static int Write(float value, Span<byte> destination) => Write((double)value, destination);

    public static int Write(double value, Span<byte> destination)
    {
        if (!double.IsFinite(value))
            return FloatText.Write(value, destination);
        var written = 0;
        if (double.IsNegative(value))
            destination[written++] = (byte)'-';
        if (value == 0)
        {
            "0.0"u8.CopyTo(destination[written..]);
            return written + 3;
        }

        value = Math.Abs(value);
        Span<byte> digits = stackalloc byte[32];
        var count = Grisu2.Find(value, digits, out var exponent);
        if (count == 0)
            count = Shortest(value, digits, out exponent);
        return written + Lay(digits[..count], exponent, destination[written..]);
    }

    // For numbers below the table of powers; there is nothing below 1e-285 in a binary32.
    internal static int Shortest(double value, Span<byte> digits, out int exponent)
    {
        Span<byte> text = stackalloc byte[32];
        value.TryFormat(text, out var length, "E16", NumberFormatInfo.InvariantInfo);
        for (var precision = 0; precision < 16; precision++)
        {
            Span<byte> shorter = stackalloc byte[32];
            value.TryFormat(shorter, out var written, Formats[precision], NumberFormatInfo.InvariantInfo);
            if (double.Parse(shorter[..written], NumberFormatInfo.InvariantInfo) != value)
                continue;
            shorter[..written].CopyTo(text);
            length = written;
            break;
        }

        var mark = text[..length].IndexOf((byte)'E');
        var count = 0;
        foreach (var letter in text[..mark])
        {
            if (letter != '.')
                digits[count++] = letter;
        }

        exponent = int.Parse(text[(mark + 1)..length], NumberFormatInfo.InvariantInfo) - count + 1;
        return count;
    }

    private static readonly string[] Formats = [.. Enumerable.Range(0, 16).Select(static digits => $"E{digits}")];

    private static int Lay(ReadOnlySpan<byte> digits, int exponent, Span<byte> text)
    {
        var point = digits.Length + exponent;
        if (exponent >= 0 && point <= LargestPlain)
            return LayWhole(digits, exponent, text);
        if (point is > 0 and <= LargestPlain)
            return LayMixed(digits, point, text);
        if (point is > SmallestPlain and <= 0)
            return LayFraction(digits, point, text);
        return LayExponent(digits, point - 1, text);
    }

    // 12 and 3: 12000.0
    internal static int LayWhole(ReadOnlySpan<byte> digits, int zeros, Span<byte> text)
    {
        digits.CopyTo(text);
        text.Slice(digits.Length, zeros).Fill((byte)'0');
        ".0"u8.CopyTo(text[(digits.Length + zeros)..]);
        return digits.Length + zeros + 2;
    }

    // 1234 and 2: 12.34
    internal static int LayMixed(ReadOnlySpan<byte> digits, int point, Span<byte> text)
    {
        digits[..point].CopyTo(text);
        text[point] = (byte)'.';
        digits[point..].CopyTo(text[(point + 1)..]);
        return digits.Length + 1;
    }

    // 12 and -1: 0.012
    internal static int LayFraction(ReadOnlySpan<byte> digits, int point, Span<byte> text)
    {
        "0."u8.CopyTo(text);
        text.Slice(2, -point).Fill((byte)'0');
        digits.CopyTo(text[(2 - point)..]);
        return 2 - point + digits.Length;
    }

    // 12 and 30: 1.2e30; no sign and no leading zero before a positive exponent.
    private static int LayExponent(ReadOnlySpan<byte> digits, int exponent, Span<byte> text)
    {
        var written = 0;
        text[written++] = digits[0];
        if (digits.Length > 1)
        {
            text[written++] = (byte)'.';
            digits[1..].CopyTo(text[written..]);
            written += digits.Length - 1;
        }

        text[written++] = (byte)'e';
        exponent.TryFormat(text[written..], out var length, default, NumberFormatInfo.InvariantInfo);
        return written + length;
    }
}
