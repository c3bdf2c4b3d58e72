using Granary.Torch;

namespace Granary.Serving.Json;

/// <summary>Two components as they lie in memory.</summary>
internal struct ComplexPair<T>
    where T : unmanaged
{
    public T Real;
    public T Imaginary;
}

/// <summary>
/// complex32, complex64 and complex128: a number (imaginary part 0), a list <c>[real, imaginary]</c>, or a string as Python
/// prints complex numbers: <c>"(1+2j)"</c>, <c>"1.5e-7-2j"</c>, <c>"2j"</c>.
/// </summary>
internal readonly unsafe struct ComplexElement<T, TPart> : IElement<ComplexPair<T>>
    where T : unmanaged
    where TPart : IElement<T>
{
    public static DType DType => sizeof(T) switch { 2 => DType.Complex32, 4 => DType.Complex64, _ => DType.Complex128 };

    public static bool TryRead(ref byte* p, byte* end, out ComplexPair<T> value)
    {
        value = default;
        if (p >= end)
            return false;
        return *p switch
        {
            (byte)'"' => TryReadString(ref p, end, ref value),
            (byte)'[' => TryReadPair(ref p, end, ref value),
            _ => TPart.TryRead(ref p, end, out value.Real),
        };
    }

    public static ComplexPair<T> FromBoolean(bool value) => new() { Real = TPart.FromBoolean(value) };

    private static bool TryReadPair(ref byte* p, byte* end, ref ComplexPair<T> value)
    {
        var next = JsonText.SkipWhiteSpace(p + 1, end);
        if (!TPart.TryRead(ref next, end, out value.Real))
            return false;
        next = JsonText.SkipWhiteSpace(next, end);
        if (next >= end || *next != ',')
            return false;
        next = JsonText.SkipWhiteSpace(next + 1, end);
        if (!TPart.TryRead(ref next, end, out value.Imaginary))
            return false;
        next = JsonText.SkipWhiteSpace(next, end);
        if (next >= end || *next != ']')
            return false;
        p = next + 1;
        return true;
    }

    private static bool TryReadString(ref byte* p, byte* end, ref ComplexPair<T> value)
    {
        var length = new ReadOnlySpan<byte>(p + 1, (int)(end - p - 1)).IndexOf((byte)'"');
        if (length <= 0)
            return false;
        var part = p + 1;
        var last = part + length;
        if (*part == '(' && last[-1] == ')')
        {
            part++;
            last--;
        }

        if (!TryReadParts(part, last, ref value))
            return false;
        p += length + 2;
        return true;
    }

    private static bool TryReadParts(byte* p, byte* end, ref ComplexPair<T> value)
    {
        if (!TryReadPart(ref p, end, out value.Real))
            return false;
        if (p == end)
            return true;
        if (*p == 'j')
        {
            (value.Real, value.Imaginary) = (default, value.Real);
            return p + 1 == end;
        }

        if (*p == '+')
            p++;
        else if (*p != '-')
            return false;
        return TryReadPart(ref p, end, out value.Imaginary) && p + 1 == end && *p == 'j';
    }

    // Python prints inf and nan where JSON has words of its own.
    private static bool TryReadPart(ref byte* p, byte* end, out T part)
    {
        var text = new ReadOnlySpan<byte>(p, (int)(end - p));
        ReadOnlySpan<byte> words = default;
        var taken = 3;
        if (text.StartsWith("inf"u8))
            words = "Infinity"u8;
        else if (text.StartsWith("nan"u8))
            words = "NaN"u8;
        else if (text.StartsWith("-inf"u8))
        {
            words = "-Infinity"u8;
            taken = 4;
        }

        if (words.IsEmpty)
            return TPart.TryRead(ref p, end, out part);
        p += taken;
        fixed (byte* word = words)
        {
            var start = word;
            return TPart.TryRead(ref start, word + words.Length, out part);
        }
    }
}
