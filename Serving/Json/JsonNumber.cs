namespace Granary.Serving.Json;

/// <summary>
/// Reads the JSON number at a position, exact to the last bit: the nearest value of the format, ties to even, straight
/// from the decimal digits, so that no number is rounded twice. (PyTorch goes through binary64 and differs in about one
/// of 10^9 numbers of 17 digits.) Numbers too large become infinite, as <see cref="float.Parse(string)"/> does.
/// The grammar is JSON's, plus Python's NaN, Infinity and -Infinity for floating-point formats.
/// All methods return false and leave the position alone when there is no such number; what follows it is not looked at.
/// </summary>
public static unsafe class JsonNumber
{
    /// <summary>Reads a binary64 number.</summary>
    public static bool TryParseDouble(ReadOnlySpan<byte> json, scoped ref int position, out double value) =>
        TryParse<double, Float64Element>(json, ref position, out value);

    /// <summary>Reads a binary32 number.</summary>
    public static bool TryParseSingle(ReadOnlySpan<byte> json, scoped ref int position, out float value) =>
        TryParse<float, Float32Element>(json, ref position, out value);

    /// <summary>Reads a binary16 number.</summary>
    public static bool TryParseHalf(ReadOnlySpan<byte> json, scoped ref int position, out Half value)
    {
        var found = TryParse<ushort, Float16Element>(json, ref position, out var bits);
        value = BitConverter.UInt16BitsToHalf(bits);
        return found;
    }

    /// <summary>Reads a bfloat16 number; the value is its 16 bits.</summary>
    public static bool TryParseBFloat16(ReadOnlySpan<byte> json, scoped ref int position, out ushort value) =>
        TryParse<ushort, BFloat16Element>(json, ref position, out value);

    /// <summary>Reads a whole number of 64 bits; <c>3.0</c> and <c>3e2</c> are whole.</summary>
    public static bool TryParseInt64(ReadOnlySpan<byte> json, scoped ref int position, out long value) =>
        TryParse<long, SignedElement<long>>(json, ref position, out value);

    /// <summary>Reads a whole number of 64 bits without a sign; <c>3.0</c> and <c>3e2</c> are whole.</summary>
    public static bool TryParseUInt64(ReadOnlySpan<byte> json, scoped ref int position, out ulong value) =>
        TryParse<ulong, UnsignedElement<ulong>>(json, ref position, out value);

    private static bool TryParse<T, TElement>(ReadOnlySpan<byte> json, ref int position, out T value)
        where T : unmanaged
        where TElement : IElement<T>
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)position, (uint)json.Length);
        fixed (byte* start = json)
        {
            var p = start + position;
            if (!TElement.TryRead(ref p, start + json.Length, out value))
            {
                value = default;
                return false;
            }

            position = (int)(p - start);
            return true;
        }
    }
}
