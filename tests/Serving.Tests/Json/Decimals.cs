using System.Globalization;
using System.Numerics;
using System.Text;

namespace Granary.Serving.Tests.Json;

/// <summary>Decimal texts that are hard to round, and the reference parsers.</summary>
internal static class Decimals
{
    public static double Double(string text) => double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture);

    public static float Single(string text) => float.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture);

    public static Half Half(string text) => System.Half.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture);

    /// <summary>A number in any form that JSON knows.</summary>
    public static string Random(Random random, int maxDigits, int maxExponent)
    {
        var text = new StringBuilder();
        if (random.Next(2) == 0)
            text.Append('-');
        var digits = 1 + random.Next(random.Next(4) == 0 ? maxDigits : Math.Min(maxDigits, 22));
        var whole = random.Next(digits + 1);
        text.Append(whole == 0 ? "0" : (char)('1' + random.Next(9)));
        for (var i = 1; i < whole; i++)
            text.Append(Digit(random));
        if (digits > whole)
            text.Append('.');
        for (var i = whole; i < digits; i++)
            text.Append(Digit(random));
        if (maxExponent > 0 && random.Next(2) == 0)
        {
            text.Append(random.Next(2) == 0 ? 'e' : 'E');
            var exponent = random.Next(-maxExponent, maxExponent + 1);
            text.Append(exponent >= 0 && random.Next(2) == 0 ? "+" : string.Empty).Append(exponent);
        }

        return text.ToString();
    }

    /// <summary>All digits of significand × 2^exponent, as <c>123.456</c>.</summary>
    public static string Exact(BigInteger significand, int exponent)
    {
        if (exponent >= 0)
            return (significand << exponent).ToString(CultureInfo.InvariantCulture);
        var digits = (significand * BigInteger.Pow(5, -exponent)).ToString(CultureInfo.InvariantCulture).PadLeft(1 - exponent, '0');
        return $"{digits[..^-exponent]}.{digits[^-exponent..]}";
    }

    /// <summary>The same digits in scientific form.</summary>
    public static string Scientific(string plain)
    {
        var point = plain.IndexOf('.', StringComparison.Ordinal);
        var digits = plain.Replace(".", string.Empty, StringComparison.Ordinal);
        var exponent = point < 0 ? 0 : point - digits.Length;
        digits = digits.TrimStart('0');
        return digits.Length == 0 ? "0e5" : $"{digits}e{exponent}";
    }

    private static char Digit(Random random) => random.Next(6) == 0 ? (random.Next(2) == 0 ? '0' : '9') : (char)('0' + random.Next(10));
}
