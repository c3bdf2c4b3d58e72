using System.Numerics;
using FsCheck;
using FsCheck.Fluent;
using Granary.Api.Infernet.OnChain;
using Granary.Torch;

namespace Granary.Api.Tests.Infernet.OnChain;

public class FixedPointTests
{
    private static readonly BigInteger TwoTo127 = BigInteger.Pow(2, 127);

    private static readonly Gen<BigInteger> Words =
        from bits in Gen.Choose(0, 255)
        from seed in Gen.Choose(0, int.MaxValue)
        select Whole(bits, seed);

    [Fact]
    public void ToDouble_AnyInt256_IsTheNearestDouble() => Check.One(Config.QuickThrowOnFailure.WithMaxTest(20_000), Prop.ForAll(
        Arb.From(from word in Words from scale in Gen.Frequency((3, Gen.Choose(0, 25)), (1, Gen.Choose(0, 255))) select (word, scale)),
        c => AssertNearest(c.word, c.scale, FixedPoint.ToDouble(AbiWord.From(c.word), c.scale))));

    [Theory]
    [InlineData("9007199254740993", 0)]
    [InlineData("9007199254740993", 3)]
    [InlineData("-9007199254740993", 22)]
    [InlineData("9223372036854775807", 18)]
    [InlineData("-9223372036854775808", 18)]
    [InlineData("9223372036854775808", 18)]
    [InlineData("170141183460469231731687303715884105727", 18)]
    [InlineData("-170141183460469231731687303715884105728", 38)]
    [InlineData("170141183460469231731687303715884105728", 18)]
    [InlineData("-57896044618658097711785492504343953926634992332820282019728792003956564819968", 18)]
    [InlineData("57896044618658097711785492504343953926634992332820282019728792003956564819967", 255)]
    public void ToDouble_Edges_AreTheNearestDouble(string whole, int scale) =>
        AssertNearest(BigInteger.Parse(whole), scale, FixedPoint.ToDouble(AbiWord.From(BigInteger.Parse(whole)), scale));

    [Fact]
    public void TryScale_AnyDouble_IsTheProductCutTowardsZero() => Check.One(Config.QuickThrowOnFailure.WithMaxTest(20_000), Prop.ForAll(
        Arb.From(from high in Gen.Choose(int.MinValue, int.MaxValue) from low in Gen.Choose(int.MinValue, int.MaxValue) from scale in Gen.Choose(0, 40) from shift in Gen.Choose(0, 1) select (high, low, scale, shift)),
        c =>
        {
            // Half of the numbers have an exponent of everyday size.
            var high = c.shift == 0 ? c.high : (c.high & unchecked((int)0x80FFFFFF)) | 0x3F000000;
            var value = BitConverter.Int64BitsToDouble(((long)high << 32) | (uint)c.low);
            var product = value * double.Parse($"1e{c.scale}");
            var expected = double.IsFinite(product) ? new BigInteger(Math.Truncate(product)) : TwoTo127;
            var fits = FixedPoint.TryScale(value, c.scale, out var scaled);
            Assert.Equal(expected >= -TwoTo127 && expected < TwoTo127, fits);
            if (fits)
                Assert.Equal(expected, (BigInteger)scaled);
        }));

    [Fact]
    public void TryScale_AnyWhole_IsTheExactProduct() => Check.One(Config.QuickThrowOnFailure.WithMaxTest(20_000), Prop.ForAll(
        Arb.From(from word in Words from scale in Gen.Choose(0, 45) where word >= long.MinValue && word <= ulong.MaxValue select (word, scale)),
        c =>
        {
            var expected = c.word * BigInteger.Pow(10, c.scale);
            Assert.Equal(expected >= -TwoTo127 && expected < TwoTo127, FixedPoint.TryScale((Int128)c.word, c.scale, out var scaled));
            if (expected >= -TwoTo127 && expected < TwoTo127)
                Assert.Equal(expected, (BigInteger)scaled);
        }));

    [Theory]
    [InlineData(1e58, true)]
    [InlineData(-5.7e58, true)]
    [InlineData(5.8e58, false)]
    [InlineData(double.NaN, false)]
    [InlineData(double.NegativeInfinity, false)]
    public void TryScaleToInt256_Sd59X18_HoldsItsRange(double value, bool fits)
    {
        Assert.Equal(fits, FixedPoint.TryScaleToInt256(value, 18, out var word));
        if (fits)
            Assert.Equal(new BigInteger(value * 1e18), word.Int256);
    }

    // The declared dtype says how wide the word is and what becomes of it; whole numbers are not scaled.
    [Theory]
    [InlineData(0, 15000, 4, DType.Float16, "1.5")]
    [InlineData(0, -32768, 3, DType.Float16, "-32.78125")]
    [InlineData(1, -2250000, 6, DType.Float32, "-2.25")]
    [InlineData(1, int.MaxValue, 0, DType.Float32, "2147483648")]
    [InlineData(2, long.MinValue, 18, DType.Float64, "-9.223372036854776")]
    [InlineData(2, 7, 0, DType.Float64, "7")]
    [InlineData(3, -5, 1, DType.Float64, "-0.5")]
    [InlineData(4, 1, 255, DType.Float64, "1E-255")]
    [InlineData(5, -128, 6, DType.Int8, "-128")]
    [InlineData(6, -129, 6, DType.Int16, "-129")]
    [InlineData(7, 65536, 6, DType.Int32, "65536")]
    [InlineData(8, -1, 18, DType.Int64, "-1")]
    [InlineData(9, 255, 6, DType.UInt8, "255")]
    [InlineData(10, 65535, 6, DType.UInt16, "65535")]
    [InlineData(11, 4294967295, 6, DType.UInt32, "4294967295")]
    [InlineData(12, long.MaxValue, 6, DType.UInt64, "9223372036854775807")]
    [InlineData(13, (3L << 32) | 0xFFFFFFFF, 1, DType.Complex64, "0.30000001192092896,-0.10000000149011612")]
    [InlineData(15, 1, 6, DType.Bool, "true")]
    public void Generation2_FixedPointOfADType_IsReadByIt(int dtype, long word, int scale, DType expected, string text)
    {
        using var tensor = Abi.Read2(Abi.Vector2(1, scale, dtype, [1], [word]));
        Assert.Equal(expected, tensor.DType);
        Assert.Equal([text], VectorGen.Describe(tensor));
    }

    [Fact]
    public void Generation2_FixedPointComplex128_IsTwoInt64()
    {
        using var tensor = Abi.Read2(Abi.Vector2(1, 2, 14, [1], [(new BigInteger(250) << 64) + ulong.MaxValue]));
        Assert.Equal(["2.5,-0.01"], VectorGen.Describe(tensor));
    }

    private static BigInteger Whole(int bits, int seed)
    {
        var bytes = new byte[32];
        new Random(seed).NextBytes(bytes);
        var value = new BigInteger(bytes, isUnsigned: true) >> (256 - bits);
        return seed % 2 == 0 ? value : -value;
    }

    // |x - n/10^s| against the neighbours of x, in exact arithmetic.
    private static void AssertNearest(BigInteger whole, int scale, double x)
    {
        Assert.True(double.IsFinite(x));
        var distance = Distance(x);
        foreach (var neighbour in new[] { Math.BitIncrement(x), Math.BitDecrement(x) })
        {
            var order = distance.CompareTo(Distance(neighbour));
            var even = (BitConverter.DoubleToInt64Bits(x) & 1) == 0;
            Assert.True(order < 0 || (order == 0 && even), $"{whole}e-{scale} read as {x:R}");
        }

        BigInteger Distance(double value)
        {
            var bits = BitConverter.DoubleToInt64Bits(value);
            var exponent = (int)((bits >> 52) & 0x7FF);
            var fraction = (bits & ((1L << 52) - 1)) | (exponent == 0 ? 0 : 1L << 52);
            // In units of 2^-1074 / 10^scale.
            var scaled = (BigInteger)(bits < 0 ? -fraction : fraction) * BigInteger.Pow(2, Math.Max(exponent, 1) - 1) * BigInteger.Pow(10, scale);
            return BigInteger.Abs(scaled - (whole << 1074));
        }
    }
}
