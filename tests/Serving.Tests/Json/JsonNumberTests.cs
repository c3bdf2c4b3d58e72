using System.Globalization;
using System.Numerics;
using System.Text;
using Granary.Serving.Json;

namespace Granary.Serving.Tests.Json;

public sealed class JsonNumberTests
{
    // Places where parsers have gone wrong: ties, the edges of both formats, long tails, huge exponents that cancel.
    public static TheoryData<string> Torture =>
    [
        "0", "-0", "0.0", "-0.0", "0e0", "-0e-999", "0e999999999999999999", "0.000e99999", "1", "-1", "0.1", "1e0", "1E+00", "1e-0",
        "9007199254740991", "9007199254740992", "9007199254740993", "9007199254740993.0", "9007199254740993.00000000000000000001",
        "9007199254740995", "18014398509481985", "18446744073709551615", "18446744073709551616", "9223372036854775807",
        "1.7976931348623157e308", "1.7976931348623158e308", "1.7976931348623159e308", "1e309", "-1e309", "1e400", "1e99999999999999999999",
        "179769313486231580793728971405303415079934132710037826936173778980444968292764750946649017977587207096330286416692887910946555547851940402630657488671505820681908902000708383676273854845817711531764475730270069855571366959622842914819860834936475292719074168444365510704342711559699508093042880",
        "179769313486231570814527423731704356798070567525844996598917476803157260780028538760589558632766878171540458953514382464234321326889464182768467546703537516986049910576551282076245490090389328944075868508455133942304583236903222948165808559332123347747977",
        "4.9406564584124654e-324", "4.9406564584124653e-324", "2.4703282292062327e-324", "2.4703282292062328e-324", "2.47032822920623272e-324", "3e-324", "2e-324",
        "1e-323", "5e-324", "1e-400", "1e-99999999999999999999", "2.2250738585072011e-308", "2.2250738585072012e-308", "2.2250738585072014e-308",
        "2.225073858507201136057409796709131975934819546351645648023426109724822222021076945516529523908135087914149158913039621106870086438694594645527657207407820621743379988141063267329253552286881372149012981122451451889849057222307285255133155755015914397476397983411801999323962548289017107081850690630666655994938275772572015763062690663332647565300009245888316433037779791869612049497390377829704905051080609940730262937128958950003583799967207254304360284078895771796150945516748243471030702609144621572289880258182545180325707018860872113128079512233426288368622321503775666622503982534335974568884423900265498198385487948292206894721689831099698365846814022854243330660339850886445804001034933970427567186443383770486037861622771738545623065874679014086723327636718749999999999999999999999999999999999999e-308",
        "3.4028234663852886e38", "3.4028235677973366e38", "3.40282356779733661637e38", "3.40282356779733661638e38", "3.4028236e38", "1.17549435e-38", "1.401298464324817e-45",
        "7.006492321624085e-46", "7.006492321624086e-46", "7.006492321624085354618e-46", "1.1754942807573643e-38", "16777217", "16777217.0", "16777217.0000001", "16777219",
        "8388608.5", "8388609.5", "8388609.4999999999999999", "0.500000029802322387695312", "0.50000002980232238769531249999", "0.50000002980232238769531250001", "0.5000000298023223876953125",
        "65504", "65519.99", "65520", "5.960464477539063e-8", "2.9802322387695312e-8", "2.98023223876953125e-8", "2.980232238769531251e-8",
        "1.000000059604644775390625", "1.00000005960464477539062500000000000000000000000000000000000001", "8.5", "123456789012345678", "1234567890123456789", "12345678901234567890",
        "0.000000000000000000000000000000000000000000000000000000000000000000000000000000000000000001", "100000000000000000000000000000000000000000000000000000e-53",
        "1090544144181609348671888949248", "1090544144181609348835077142190", "7.2057594037927933e16", "7450580596923828125e-27", "9355950000000000000.00000000000000000000000000000000001844674407370955161600000184467440737095516161844674407370955161407370955161618446744073709551616000184467440737095516166000001844674407370955161618446744073709551614073709551616184467440737095516160001844674407370955161601844674407370955674451616184467440737095516140737095516161844674407370955161600018446744073709551616018446744073709551611616000184467440737095001844674407370955161600184467440737095516160018446744073709551168164467440737095516160001844073709551616018446744073709551616184467440737095516160001844674407536910751601611616000184467440737095001844674407370955161600184467440737095516160018446744073709551616184467440737095516160001844955161618446744073709551616000184467440753691075160018446744073709",
    ];

    public static TheoryData<string> NotNumbers =>
    [
        "", "-", "+1", "01", "-01", "00", "1.", "-1.", ".5", "-.5", "1.e5", "1e", "1e+", "1e-", "1E", "e5", "abc", "nan", "inf", "-NaN", "Nan", "Infinit", "-inf", "--1", "+Infinity",
        "١", "\"1\"", "-a", "-e1", "0.e1", "00.5", "- 1", "truE", "1.+5",
    ];

    [Theory]
    [MemberData(nameof(Torture))]
    public void TryParse_HardNumber_RoundsAsDotNet(string text)
    {
        AssertSameBits(text);
        AssertSameBits(text.StartsWith('-') ? text[1..] : "-" + text);
    }

    [Theory]
    [MemberData(nameof(NotNumbers))]
    public void TryParse_NotANumber_RefusesAndStays(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        var position = 0;
        Assert.False(JsonNumber.TryParseDouble(bytes, ref position, out _));
        Assert.False(JsonNumber.TryParseSingle(bytes, ref position, out _));
        Assert.False(JsonNumber.TryParseHalf(bytes, ref position, out _));
        Assert.False(JsonNumber.TryParseBFloat16(bytes, ref position, out _));
        Assert.False(JsonNumber.TryParseInt64(bytes, ref position, out _));
        Assert.False(JsonNumber.TryParseUInt64(bytes, ref position, out _));
        Assert.Equal(0, position);
    }

    [Theory]
    [InlineData("NaN", double.NaN)]
    [InlineData("Infinity", double.PositiveInfinity)]
    [InlineData("-Infinity", double.NegativeInfinity)]
    public void TryParse_PythonLiteral_IsTaken(string text, double expected)
    {
        var bytes = Encoding.UTF8.GetBytes(text + ",");
        var position = 0;
        Assert.True(JsonNumber.TryParseDouble(bytes, ref position, out var wide));
        Assert.Equal(expected, wide);
        Assert.Equal(text.Length, position);
        position = 0;
        Assert.True(JsonNumber.TryParseSingle(bytes, ref position, out var single));
        Assert.Equal((float)expected, single);
        position = 0;
        Assert.True(JsonNumber.TryParseHalf(bytes, ref position, out var half));
        Assert.Equal((Half)expected, half);
        Assert.False(JsonNumber.TryParseInt64(bytes, ref position, out _));
    }

    [Theory]
    [InlineData("12,5", 2, 12)]
    [InlineData("1.5]", 3, 1.5)]
    [InlineData("7e1 ", 3, 70)]
    [InlineData("5.5.5", 3, 5.5)]
    public void TryParseDouble_MoreFollows_StopsBehindTheNumber(string text, int end, double expected)
    {
        var position = 0;
        Assert.True(JsonNumber.TryParseDouble(Encoding.UTF8.GetBytes(text), ref position, out var value));
        Assert.Equal(end, position);
        Assert.Equal(expected, value);
    }

    [Fact]
    public void TryParse_RandomDoubleBits_ReadBackWhatWasPrinted()
    {
        var random = new Random(11);
        for (var i = 0; i < 100_000; i++)
        {
            var value = BitConverter.Int64BitsToDouble(random.NextInt64(long.MinValue, long.MaxValue));
            if (double.IsFinite(value))
                AssertSameBits(value.ToString(i % 3 == 0 ? "E16" : i % 3 == 1 ? "R" : "E20", CultureInfo.InvariantCulture));
        }
    }

    [Fact]
    public void TryParse_RandomSingleBits_ReadBackWhatWasPrinted()
    {
        var random = new Random(12);
        for (var i = 0; i < 100_000; i++)
        {
            var value = BitConverter.Int32BitsToSingle(random.Next(int.MinValue, int.MaxValue));
            if (float.IsFinite(value))
                AssertSameBits(i % 2 == 0 ? value.ToString("R", CultureInfo.InvariantCulture) : ((double)value).ToString("R", CultureInfo.InvariantCulture));
        }
    }

    [Theory]
    [InlineData(24, 0)]
    [InlineData(24, 50)]
    [InlineData(40, 400)]
    [InlineData(800, 400)]
    public void TryParse_RandomDecimals_RoundAsDotNet(int digits, int exponent)
    {
        var random = new Random(digits + exponent);
        for (var i = 0; i < 50_000; i++)
            AssertSameBits(Decimals.Random(random, digits, exponent));
    }

    [Fact]
    public void TryParse_HalfWayBetweenDoubles_RoundsAsDotNet()
    {
        var random = new Random(13);
        for (var i = 0; i < 3_000; i++)
        {
            // A significand of 54 bits that ends in one lies half way; every eighth is subnormal.
            var exponent = i % 8 == 0 ? -1075 : random.Next(-1074, 970);
            var significand = i % 8 == 0 ? random.NextInt64(1L << 53) | 1 : (1L << 53) | random.NextInt64(1L << 53) | 1;
            AssertAround(significand, exponent);
        }
    }

    [Fact]
    public void TryParse_HalfWayBetweenSingles_RoundsAsDotNet()
    {
        var random = new Random(14);
        for (var i = 0; i < 3_000; i++)
        {
            var exponent = i % 8 == 0 ? -150 : random.Next(-149, 104);
            var significand = i % 8 == 0 ? random.NextInt64(1L << 24) | 1 : (1L << 24) | random.NextInt64(1L << 24) | 1;
            AssertAround(significand, exponent);
        }
    }

    [Fact]
    public void TryParse_LongZeros_AreExact()
    {
        var zeros = new string('0', 5000);
        AssertSameBits("1" + zeros + "e-5000");
        AssertSameBits("0." + zeros + "123456789e5001");
        AssertSameBits("1." + zeros + "1");
        AssertSameBits("9007199254740993." + zeros);
        AssertSameBits("9007199254740993." + zeros + "1");
        AssertSameBits(new string('9', 5000) + "e-4990");
    }

    // A tie, and what lies next to it on both sides.
    private static void AssertAround(BigInteger significand, int exponent)
    {
        var exact = Decimals.Exact(significand, exponent);
        AssertSameBits(exact);
        AssertSameBits(Decimals.Scientific(exact));
        AssertSameBits((exact.Contains('.', StringComparison.Ordinal) ? exact : exact + ".") + "000001");
        AssertSameBits(Decimals.Exact((significand << 70) - 1, exponent - 70));
    }

    private static void AssertSameBits(string text)
    {
        var bytes = Encoding.ASCII.GetBytes(text);
        var position = 0;
        Assert.True(JsonNumber.TryParseDouble(bytes, ref position, out var wide), text);
        Assert.Equal(bytes.Length, position);
        if (BitConverter.DoubleToInt64Bits(Decimals.Double(text)) != BitConverter.DoubleToInt64Bits(wide))
            Assert.Fail($"{text}: double {wide:R} instead of {Decimals.Double(text):R}");
        position = 0;
        Assert.True(JsonNumber.TryParseSingle(bytes, ref position, out var single), text);
        if (BitConverter.SingleToInt32Bits(Decimals.Single(text)) != BitConverter.SingleToInt32Bits(single))
            Assert.Fail($"{text}: float {single:R} instead of {Decimals.Single(text):R}");
        position = 0;
        Assert.True(JsonNumber.TryParseHalf(bytes, ref position, out var half), text);
        if (BitConverter.HalfToInt16Bits(Decimals.Half(text)) != BitConverter.HalfToInt16Bits(half))
            Assert.Fail($"{text}: half {half} instead of {Decimals.Half(text)}");
    }
}
