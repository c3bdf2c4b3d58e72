using System.Globalization;
using System.Numerics;

namespace Granary.Api.Infernet.OnChain;

/// <summary>
/// Decimal fixed point: a whole number that stands for itself times 10^-scale. Reading rounds once, to the nearest double, as
/// Python's division of two integers does; writing multiplies as a double and cuts towards zero, as its <c>int(value * 10**scale)</c> does.
/// </summary>
internal static class FixedPoint
{
    /// <summary>The scale that is meant where none, or 0, is asked for.</summary>
    public const int DefaultScale = 18;

    // The largest power of ten that a double holds exactly, and one more than the largest run of exact whole numbers.
    private const int MaxExactPower = 22;
    private const long ExactWhole = 1L << 53;

    // 10^38 is the largest power of ten that an int128 holds.
    private const int MaxInt128Power = 38;
    private static readonly double Int128Limit = Math.ScaleB(1, 127);
    private static readonly double Int256Limit = Math.ScaleB(1, 255);
    private static readonly double[] Powers = [.. Enumerable.Range(0, byte.MaxValue + 1).Select(static scale => double.Parse($"1e{scale}", CultureInfo.InvariantCulture))];
    private static readonly Int128[] WholePowers = [.. Enumerable.Range(0, MaxInt128Power + 1).Select(static scale => Int128.Parse("1" + new string('0', scale), CultureInfo.InvariantCulture))];

    /// <summary>The value of an <c>int64</c> or smaller.</summary>
    public static double ToDouble(long value, int scale) => scale <= MaxExactPower && value is >= -ExactWhole and <= ExactWhole
        ? value / Powers[scale]
        : Parse(value, scale);

    /// <summary>The value of an <c>int128</c>.</summary>
    public static double ToDouble(Int128 value, int scale) => value == (long)value ? ToDouble((long)value, scale) : Parse(value, scale);

    /// <summary>The value of an <c>int256</c>.</summary>
    public static double ToDouble(AbiWord word, int scale) => word.IsInt128 ? ToDouble(word.Int128, scale) : Parse(word.Int256, scale);

    /// <summary>A real number as an <c>int128</c>; false for what does not fit and for NaN.</summary>
    public static bool TryScale(double value, int scale, out Int128 scaled)
    {
        var product = value * Powers[scale];
        var fits = product < Int128Limit && product >= -Int128Limit;
        scaled = fits ? (Int128)product : 0;
        return fits;
    }

    /// <summary>A whole number as an <c>int128</c>; false for what does not fit.</summary>
    public static bool TryScale(Int128 value, int scale, out Int128 scaled)
    {
        scaled = 0;
        if (value == 0)
            return true;
        if (scale > MaxInt128Power)
            return false;
        var power = WholePowers[scale];
        scaled = unchecked(value * power);
        return value <= Int128.MaxValue / power && value >= Int128.MinValue / power;
    }

    /// <summary>A real number as an <c>int256</c>; false for what does not fit and for NaN.</summary>
    public static bool TryScaleToInt256(double value, int scale, out AbiWord word)
    {
        if (TryScale(value, scale, out var small))
        {
            word = AbiWord.From(small);
            return true;
        }

        var product = value * Powers[scale];
        var fits = product < Int256Limit && product >= -Int256Limit;
        word = fits ? AbiWord.From(new BigInteger(product)) : default;
        return fits;
    }

    // The text of a number is the shortest way to one correct rounding; System.Double reads any number of digits exactly.
    private static double Parse<T>(T value, int scale)
        where T : ISpanFormattable
    {
        Span<char> text = stackalloc char[96];
        value.TryFormat(text, out var length, default, CultureInfo.InvariantCulture);
        text[length++] = 'e';
        (-scale).TryFormat(text[length..], out var exponent, default, CultureInfo.InvariantCulture);
        return double.Parse(text[..(length + exponent)], NumberStyles.Float, CultureInfo.InvariantCulture);
    }
}
