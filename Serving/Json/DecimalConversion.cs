using System.Globalization;

namespace Granary.Serving.Json;

/// <summary>
/// The nearest value of a format to a scanned number, ties to even, straight from the decimal digits, so that no number
/// is rounded twice. What is too large becomes infinite.
/// </summary>
internal static class DecimalConversion
{
    /// <summary>The nearest binary64.</summary>
    public static double ToDouble(in ScannedNumber number)
    {
        if (number.Form != NumberForm.Finite)
            return Special(number);
        var magnitude = EiselLemire.ToDouble(number.Mantissa, number.Exponent);
        // The true value lies between this mantissa and the next; mostly both round alike.
        if (number.Truncated && magnitude != EiselLemire.ToDouble(number.Mantissa + 1, number.Exponent))
            return double.Parse(number.Text, NumberStyles.Float, CultureInfo.InvariantCulture);
        return number.Negative ? -magnitude : magnitude;
    }

    /// <summary>The nearest binary32.</summary>
    public static float ToSingle(in ScannedNumber number)
    {
        if (number.Form != NumberForm.Finite)
            return (float)Special(number);
        var magnitude = EiselLemire.ToSingle(number.Mantissa, number.Exponent);
        if (number.Truncated && magnitude != EiselLemire.ToSingle(number.Mantissa + 1, number.Exponent))
            return float.Parse(number.Text, NumberStyles.Float, CultureInfo.InvariantCulture);
        return number.Negative ? -magnitude : magnitude;
    }

    private static double Special(in ScannedNumber number)
    {
        if (number.Form == NumberForm.NaN)
            return double.NaN;
        return number.Negative ? double.NegativeInfinity : double.PositiveInfinity;
    }
}
