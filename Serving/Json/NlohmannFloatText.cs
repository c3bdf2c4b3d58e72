using System.Globalization;

namespace Granary.Serving.Json;

/// <summary>
/// Floats as nlohmann's json 3 prints them, and with it torch-serving: widened to binary64, digits by <see cref="Grisu2"/>, without an
/// exponent between 1e-4 and 1e15, always with a point or an exponent of at least two digits; null for NaN and infinities.
/// Source: nlohmann/json 3.7.0, <c>detail/conversions/to_chars.hpp</c> (layout of the text only).
/// </summary>
internal readonly struct NlohmannFloatText : IElementText<double>, IElementText<float>
{
    private const int LargestPlain = 15;
    private const int SmallestPlain = -4;

    public static int Write(float value, Span<byte> destination) => Write((double)value, destination);

    public static int Write(double value, Span<byte> destination)
    {
        if (!double.IsFinite(value))
        {
            "null"u8.CopyTo(destination);
            return 4;
        }

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
        var count = Grisu2.Find(value, digits, out var exponent, isExact: true);
        if (count == 0)
            count = TritonFloatText.Shortest(value, digits, out exponent);
        return written + Lay(digits[..count], exponent, destination[written..]);
    }

    private static int Lay(ReadOnlySpan<byte> digits, int exponent, Span<byte> text)
    {
        var point = digits.Length + exponent;
        if (exponent >= 0 && point <= LargestPlain)
            return TritonFloatText.LayWhole(digits, exponent, text);
        if (point is > 0 and <= LargestPlain)
            return TritonFloatText.LayMixed(digits, point, text);
        if (point is > SmallestPlain and <= 0)
            return TritonFloatText.LayFraction(digits, point, text);
        return LayExponent(digits, point - 1, text);
    }

    // 12 and 30: 1.2e+30; 1 and -5: 1e-05
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
        text[written++] = exponent < 0 ? (byte)'-' : (byte)'+';
        Math.Abs(exponent).TryFormat(text[written..], out var length, "00", NumberFormatInfo.InvariantInfo);
        return written + length;
    }
}

/// <summary>binary16, printed as the binary64 of the same value.</summary>
internal readonly struct NlohmannFloat16Text : IElementText<ushort>
{
    public static int Write(ushort value, Span<byte> destination) => NlohmannFloatText.Write((double)BitConverter.UInt16BitsToHalf(value), destination);
}

/// <summary>bfloat16, printed as the binary64 of the same value.</summary>
internal readonly struct NlohmannBFloat16Text : IElementText<ushort>
{
    public static int Write(ushort value, Span<byte> destination) =>
        NlohmannFloatText.Write((double)BitConverter.UInt32BitsToSingle((uint)value << 16), destination);
}
