using System.Diagnostics.CodeAnalysis;
using System.Text;
using Granary.Torch;

namespace Granary.Serving.Json;

/// <summary>Says why a value cannot be an element of a dtype.</summary>
internal static unsafe class ElementErrors
{
    private const int ShownBytes = 40;

    /// <summary>Throws for the value at a position, which has just been refused.</summary>
    /// <exception cref="ServingException">InvalidArgument: always.</exception>
    [DoesNotReturn]
    public static void Throw(ReadOnlySpan<byte> json, int position, DType dtype)
    {
        var kind = new JsonCursor(json) { Position = position }.PeekKind();
        if (kind != JsonKind.Number)
            JsonErrors.ThrowUnexpected(position, $"expected a number for {dtype.TorchName()}, found {JsonCursor.Describe(kind)}");
        fixed (byte* start = json)
        {
            var p = start + position;
            if (!NumberScanner.TryScan(p, start + json.Length, out var number))
                JsonErrors.ThrowMalformed(position, DescribeMalformed(json[position..]));
            var text = Shorten(number.Text);
            var result = WholeNumbers.Read(ref p, start + json.Length, out _, out _);
            JsonErrors.ThrowUnexpected(position, result == WholeNumberResult.NotWhole
                ? $"{text} is not a whole number, which {dtype.TorchName()} needs"
                : $"{text} does not fit {dtype.TorchName()}, which holds {Range(dtype)}");
        }
    }

    /// <summary>What values a dtype of whole numbers holds, for a message.</summary>
    public static string Range(DType dtype) => dtype switch
    {
        DType.Bool => "true, false, 1 and 0",
        DType.UInt8 => Range(byte.MinValue, byte.MaxValue),
        DType.Int8 => Range(sbyte.MinValue, sbyte.MaxValue),
        DType.Int16 => Range(short.MinValue, short.MaxValue),
        DType.UInt16 => Range(ushort.MinValue, ushort.MaxValue),
        DType.Int32 => Range(int.MinValue, int.MaxValue),
        DType.UInt32 => Range(uint.MinValue, uint.MaxValue),
        DType.UInt64 => Range(ulong.MinValue, ulong.MaxValue),
        _ => Range(long.MinValue, long.MaxValue),
    };

    private static string Range<T>(T smallest, T largest) => $"{smallest} to {largest}";

    /// <summary>What is wrong with a text that starts as a number does.</summary>
    public static string DescribeMalformed(ReadOnlySpan<byte> text)
    {
        var digits = text[0] == (byte)'-' ? text[1..] : text;
        if (digits.Length > 1 && digits[0] == (byte)'0' && NumberScanner.IsDigit(digits[1]))
            return "a number may not start with a zero";
        var length = text.IndexOfAnyExcept("+-.0123456789EINaefinty"u8);
        return $"'{Shorten(length < 0 ? text : text[..length])}' is not a number";
    }

    private static string Shorten(ReadOnlySpan<byte> text) =>
        text.Length <= ShownBytes ? Encoding.UTF8.GetString(text) : Encoding.UTF8.GetString(text[..ShownBytes]) + "…";
}
