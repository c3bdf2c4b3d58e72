using System.Globalization;
using System.Text;
using Granary.Serving.Json;

namespace Granary.Serving.Tests.Json;

public sealed class TritonFloatTextTests
{
    // As a Triton 20.10 printed them; three are one unit away from the shortest digits.
    [Theory]
    [InlineData("-2.0964810848236086")]
    [InlineData("-0.13700756430625916")]
    [InlineData("-0.5095657706260681")]
    [InlineData("2.795621395111084")]
    [InlineData("-0.5605481863021851")]
    [InlineData("1.9934231042861939")]
    [InlineData("1.1288187503814698")]
    [InlineData("-1.4043136835098267")]
    [InlineData("0.6004879474639893")]
    [InlineData("-2.1237082481384279")]
    public void Write_FloatsThatTritonPrinted_AreTheSameBytes(string printed) =>
        Assert.Equal(printed, Text(float.Parse(printed, CultureInfo.InvariantCulture)));

    [Theory]
    [InlineData(0.0, "0.0")]
    [InlineData(-0.0, "-0.0")]
    [InlineData(1.0, "1.0")]
    [InlineData(-1.5, "-1.5")]
    [InlineData(120.0, "120.0")]
    [InlineData(0.1, "0.1")]
    [InlineData(0.00001, "0.00001")]
    [InlineData(0.000001, "0.000001")]
    [InlineData(0.0000001, "1e-7")]
    [InlineData(1.25e-7, "1.25e-7")]
    [InlineData(1e20, "100000000000000000000.0")]
    [InlineData(1e21, "1e21")]
    [InlineData(1.5e300, "1.5e300")]
    [InlineData(123456789.125, "123456789.125")]
    [InlineData(5e-324, "5e-324")]
    [InlineData(1e-300, "1e-300")]
    [InlineData(double.NaN, "NaN")]
    [InlineData(double.NegativeInfinity, "-Infinity")]
    public void Write_Double_IsLaidOutAsRapidjsonDoes(double value, string expected)
    {
        Span<byte> text = stackalloc byte[64];
        Assert.Equal(expected, Encoding.ASCII.GetString(text[..TritonFloatText.Write(value, text)]));
    }

    [Fact]
    public void Write_AnyBitsOfADouble_ReadBackToTheSameBits()
    {
        var random = new Random(11);
        Span<byte> text = stackalloc byte[64];
        for (var i = 0; i < 200_000; i++)
        {
            var value = BitConverter.Int64BitsToDouble(random.NextInt64(long.MinValue, long.MaxValue));
            if (!double.IsFinite(value))
                continue;
            var read = double.Parse(text[..TritonFloatText.Write(value, text)], NumberStyles.Float, CultureInfo.InvariantCulture);
            Assert.Equal(BitConverter.DoubleToUInt64Bits(value), BitConverter.DoubleToUInt64Bits(read));
        }
    }

    [Fact]
    public void Write_ManyFloats_AreTheShortestDigitsNearlyAlways()
    {
        var random = new Random(7);
        int seen = 0, shortest = 0;
        for (var i = 0; i < 100_000; i++)
        {
            var value = (float)((random.NextDouble() * 20) - 10);
            var text = Text(value);
            Assert.Equal((double)value, double.Parse(text, CultureInfo.InvariantCulture));
            seen++;
            if (text.Length == ((double)value).ToString("R", CultureInfo.InvariantCulture).Length)
                shortest++;
        }

        // The algorithm's author counts 99.9 % over all numbers.
        Assert.InRange(shortest, (int)(seen * 0.99), seen);
    }

    private static string Text(float value)
    {
        Span<byte> text = stackalloc byte[64];
        return Encoding.ASCII.GetString(text[..TritonFloatText.Write(value, text)]);
    }
}
