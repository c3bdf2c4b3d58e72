using System.Numerics;

namespace Granary.Serving.Json;

/// <summary>
/// Digits of a binary64 as Loitsch's Grisu2 finds them in the libraries that Triton and torch-serving print their answers with: they
/// read back to the same bits and are nearly always as few as possible, though not always the nearest. Only the same steps give the same bytes.
/// Source: Florian Loitsch, "Printing Floating-Point Numbers Quickly and Accurately with Integers" (PLDI 2010).
/// </summary>
internal static class Grisu2
{
    /// <summary>The most digits that it makes.</summary>
    public const int MaxDigits = 18;

    private const ulong HiddenBit = 1UL << 52;
    private const int ExponentBias = 1075;

    // The powers of ten that the algorithm scales by are eight apart, from 10^-348 on.
    private const int FirstPower = -348;
    private const int PowerStep = 8;
    // rapidjson 1.1.0, which Triton is built with, has ten powers of ten at hand and leaves what is longer unrounded.
    private const int RoundedPlaces = 9;
    private const double Log10Of2 = 0.30102999566398114;

    private static ReadOnlySpan<ulong> PowersOfTen =>
    [
        1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000, 10_000_000_000, 100_000_000_000,
        1_000_000_000_000, 10_000_000_000_000, 100_000_000_000_000, 1_000_000_000_000_000, 10_000_000_000_000_000,
        100_000_000_000_000_000, 1_000_000_000_000_000_000, 10_000_000_000_000_000_000,
    ];

    /// <summary>Finds the digits of a positive, finite number: <c>digits × 10^exponent</c>.</summary>
    /// <param name="value">More than zero.</param>
    /// <param name="digits">Room for <see cref="MaxDigits"/> ASCII digits.</param>
    /// <param name="exponent">Power of ten of the last digit.</param>
    /// <param name="isExact">
    /// The steps of the paper, as nlohmann's json takes them; otherwise those of rapidjson, which goes on where the rest equals the
    /// interval and leaves long fractions unrounded.
    /// </param>
    /// <returns>The number of digits; 0 when the number is too small for the table of powers (below 1e-285).</returns>
    public static int Find(double value, Span<byte> digits, out int exponent, bool isExact = false)
    {
        var bits = BitConverter.DoubleToUInt64Bits(value);
        var fraction = bits & (HiddenBit - 1);
        var biased = (int)(bits >> 52);
        var number = biased == 0 ? new Scaled(fraction, 1 - ExponentBias) : new Scaled(fraction | HiddenBit, biased - ExponentBias);

        // Half way to the neighbours; the lower one is nearer at a power of two.
        var upper = new Scaled((number.Significand << 1) + 1, number.Exponent - 1).Normalize();
        var lower = number.Significand == HiddenBit
            ? new Scaled((number.Significand << 2) - 1, number.Exponent - 2)
            : new Scaled((number.Significand << 1) - 1, number.Exponent - 1);
        lower = new Scaled(lower.Significand << (lower.Exponent - upper.Exponent), upper.Exponent);

        if (!TryScale(upper.Exponent, out var power, out exponent))
            return 0;
        var middle = number.Normalize() * power;
        // One unit less at either side covers the error of the products.
        var high = upper * power;
        high = high with { Significand = high.Significand - 1 };
        var low = (lower * power).Significand + 1;
        return Generate(middle, high, high.Significand - low, isExact, digits, ref exponent);
    }

    private static bool TryScale(int exponent, out Scaled power, out int decimals)
    {
        var scale = ((-61 - exponent) * Log10Of2) - FirstPower - 1;
        var whole = (int)scale;
        if (scale > whole)
            whole++;
        var ten = FirstPower + (((whole >> 3) + 1) * PowerStep);
        decimals = -ten;
        if (ten is < PowersOfFive.Smallest or > PowersOfFive.Largest)
        {
            power = default;
            return false;
        }

        // 10^n is 5^n × 2^n, so both have the same leading bits.
        var word = (ten - PowersOfFive.Smallest) * 2;
        var significand = PowersOfFive.Words[word] + (PowersOfFive.Words[word + 1] >> 63);
        var bits = (int)Math.Floor(ten * 3.3219280948873623);
        power = new Scaled(significand, bits - 63);
        return true;
    }

    private static int Generate(Scaled middle, Scaled high, ulong delta, bool isExact, Span<byte> digits, ref int exponent)
    {
        var shift = -high.Exponent;
        var one = 1UL << shift;
        var distance = high.Significand - middle.Significand;
        var whole = (uint)(high.Significand >> shift);
        var rest = high.Significand & (one - 1);
        var length = 0;
        for (var kappa = CountDigits(whole) - 1; kappa >= 0; kappa--)
        {
            var ten = (uint)PowersOfTen[kappa];
            Append(digits, ref length, whole / ten);
            whole %= ten;
            var left = ((ulong)whole << shift) + rest;
            if (left > delta)
                continue;
            exponent += kappa;
            Round(digits, length, delta, left, PowersOfTen[kappa] << shift, distance);
            return length;
        }

        for (var places = 1; ; places++)
        {
            rest *= 10;
            delta *= 10;
            Append(digits, ref length, (uint)(rest >> shift));
            rest &= one - 1;
            if (isExact ? rest > delta : rest >= delta)
                continue;
            exponent -= places;
            Round(digits, length, delta, rest, one, isExact || places < RoundedPlaces ? distance * PowersOfTen[places] : 0);
            return length;
        }
    }

    private static void Append(Span<byte> digits, ref int length, uint digit)
    {
        if (digit != 0 || length > 0)
            digits[length++] = (byte)('0' + digit);
    }

    // Moves the last digit down while that comes nearer to the number and stays inside the interval.
    private static void Round(Span<byte> digits, int length, ulong delta, ulong rest, ulong unit, ulong distance)
    {
        while (rest < distance && delta - rest >= unit
            && (rest + unit < distance || distance - rest > rest + unit - distance))
        {
            digits[length - 1]--;
            rest += unit;
        }
    }

    private static int CountDigits(uint number)
    {
        var count = 1;
        while (count < 10 && number >= PowersOfTen[count])
            count++;
        return count;
    }

    /// <summary>A significand of 64 bits times a power of two.</summary>
    private readonly record struct Scaled(ulong Significand, int Exponent)
    {
        public Scaled Normalize()
        {
            var shift = BitOperations.LeadingZeroCount(Significand);
            return new Scaled(Significand << shift, Exponent - shift);
        }

        public static Scaled operator *(Scaled left, Scaled right)
        {
            var high = Math.BigMul(left.Significand, right.Significand, out var low);
            return new Scaled(high + (low >> 63), left.Exponent + right.Exponent + 64);
        }
    }
}
