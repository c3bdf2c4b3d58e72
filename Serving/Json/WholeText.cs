using System.Globalization;
using System.Numerics;

namespace Granary.Serving.Json;

/// <summary>Integers.</summary>
internal readonly struct WholeText<T> : IElementText<T>
    where T : unmanaged, IBinaryInteger<T>
{
    public static int Write(T value, Span<byte> destination)
    {
        value.TryFormat(destination, out var written, default, NumberFormatInfo.InvariantInfo);
        return written;
    }
}

/// <summary>true and false.</summary>
internal readonly struct BoolText : IElementText<byte>
{
    public static int Write(byte value, Span<byte> destination)
    {
        var word = value != 0 ? "true"u8 : "false"u8;
        word.CopyTo(destination);
        return word.Length;
    }
}

/// <summary>Complex elements as <c>[real,imaginary]</c>.</summary>
internal readonly struct ComplexText<T, TPart> : IElementText<ComplexPair<T>>
    where T : unmanaged
    where TPart : IElementText<T>
{
    public static int Write(ComplexPair<T> value, Span<byte> destination)
    {
        destination[0] = (byte)'[';
        var written = 1 + TPart.Write(value.Real, destination[1..]);
        destination[written++] = (byte)',';
        written += TPart.Write(value.Imaginary, destination[written..]);
        destination[written] = (byte)']';
        return written + 1;
    }
}
