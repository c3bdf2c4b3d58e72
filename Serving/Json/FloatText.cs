using System.Globalization;

namespace Granary.Serving.Json;

/// <summary>
/// The shortest decimal text that reads back to the same bits, in the form that Python's json prints: always with a point
/// or an exponent (<c>1.0</c>, <c>1e-07</c>), and NaN, Infinity and -Infinity as bare words.
/// </summary>
internal readonly struct FloatText : IElementText<double>, IElementText<float>
{
    public static int Write(double value, Span<byte> destination)
    {
        if (!double.IsFinite(value))
            return WriteWord(value, destination);
        value.TryFormat(destination, out var written, default, NumberFormatInfo.InvariantInfo);
        return MarkAsFloat(destination, written);
    }

    public static int Write(float value, Span<byte> destination)
    {
        if (!float.IsFinite(value))
            return WriteWord(value, destination);
        value.TryFormat(destination, out var written, default, NumberFormatInfo.InvariantInfo);
        return MarkAsFloat(destination, written);
    }

    private static int MarkAsFloat(Span<byte> text, int length)
    {
        var mark = text[..length].IndexOfAny((byte)'.', (byte)'E');
        if (mark < 0)
        {
            ".0"u8.CopyTo(text[length..]);
            return length + 2;
        }

        var exponent = text[mark..length].IndexOf((byte)'E');
        if (exponent >= 0)
            text[mark + exponent] = (byte)'e';
        return length;
    }

    private static int WriteWord(double value, Span<byte> destination)
    {
        var word = double.IsNaN(value) ? "NaN"u8 : value < 0 ? "-Infinity"u8 : "Infinity"u8;
        word.CopyTo(destination);
        return word.Length;
    }
}

/// <summary>binary16, printed as the binary32 of the same value.</summary>
internal readonly struct Float16Text : IElementText<ushort>
{
    public static int Write(ushort value, Span<byte> destination) => FloatText.Write((float)BitConverter.UInt16BitsToHalf(value), destination);
}

/// <summary>bfloat16, printed as the binary32 of the same value.</summary>
internal readonly struct BFloat16Text : IElementText<ushort>
{
    public static int Write(ushort value, Span<byte> destination) =>
        FloatText.Write(BitConverter.UInt32BitsToSingle((uint)value << 16), destination);
}

/// <summary>8-bit float with 5 exponent bits: the upper half of a binary16.</summary>
internal readonly struct Float8E5M2Text : IElementText<byte>
{
    public static int Write(byte value, Span<byte> destination) => Float16Text.Write((ushort)(value << 8), destination);
}

/// <summary>8-bit float with 4 exponent bits; all seven bits set is NaN.</summary>
internal readonly struct Float8E4M3FnText : IElementText<byte>
{
    public static int Write(byte value, Span<byte> destination)
    {
        var bits = value & 0x7F;
        // The exponent's bias is 7; subnormals have the exponent of the smallest normal number and no hidden bit.
        var magnitude = bits < 8 ? bits / 512f : MathF.ScaleB(8 + (bits & 7), (bits >> 3) - 10);
        return FloatText.Write(bits == 0x7F ? float.NaN : value < 0x80 ? magnitude : -magnitude, destination);
    }
}
