using System.Numerics;
using System.Text;
using Granary.Serving.Json;
using Granary.Torch;

namespace Granary.Serving.Tests.Json;

/// <summary>The values of the small formats, and the points half way between neighbours, from their exact decimal digits.</summary>
public sealed class SmallFloatTests
{
    private const string Tail = "00000000000000000000000000000000001";

    [Fact]
    public void ReadNested_EveryFloat16AndTheTiesBetween_RoundsToNearestEven() =>
        CheckFormat(DType.Float16, fractionBits: 10, minExponent: -14, finite: 0x7C00, tensor => tensor.As<ushort>()[0]);

    [Fact]
    public void ReadNested_BFloat16sAndTheTiesBetween_RoundsToNearestEven() =>
        CheckFormat(DType.BFloat16, fractionBits: 7, minExponent: -126, finite: 0x7F80, tensor => tensor.As<ushort>()[0]);

    [Fact]
    public void ReadNested_EveryFloat8E5M2AndTheTiesBetween_RoundsToNearestEven() =>
        CheckFormat(DType.Float8E5M2, fractionBits: 2, minExponent: -14, finite: 0x7C, tensor => tensor.Bytes[0]);

    [Fact]
    public void ReadNested_EveryFloat8E4M3AndTheTiesBetween_RoundsToNearestEven() =>
        CheckFormat(DType.Float8E4M3Fn, fractionBits: 3, minExponent: -6, finite: 0x7F, tensor => tensor.Bytes[0]);

    [Theory]
    [InlineData(DType.Float16, 0x7C00)]
    [InlineData(DType.BFloat16, 0x7F80)]
    [InlineData(DType.Float8E5M2, 0x7C)]
    [InlineData(DType.Float8E4M3Fn, 0x7F)]
    public void ReadNested_TooLarge_IsInfiniteOrNaN(DType dtype, int bits)
    {
        foreach (var text in new[] { "1e39", "1e400", "Infinity" })
        {
            Assert.Equal(bits, Read(dtype, text));
            Assert.Equal(bits | (1 << ((8 * dtype.ElementSize()) - 1)), Read(dtype, "-" + text));
        }
    }

    // Bit patterns of one sign count upwards in value, so the neighbour above is the pattern plus one.
    private static void CheckFormat(DType dtype, int fractionBits, int minExponent, int finite, Func<Tensor, int> bitsOf)
    {
        // Every value of the smaller formats, every third of bfloat16, whose digits are long.
        for (var bits = 0; bits < finite; bits += dtype == DType.BFloat16 ? 3 : 1)
        {
            var exponent = Math.Max(bits >> fractionBits, 1) - 1 + minExponent - fractionBits;
            long significand = (bits & ((1 << fractionBits) - 1)) + (bits >> fractionBits == 0 ? 0 : 1 << fractionBits);
            Assert.Equal(bits, Parse(dtype, Decimals.Exact(significand, exponent), bitsOf));
            var tie = Decimals.Exact((2 * significand) + 1, exponent - 1);
            Assert.Equal(bits + (bits & 1), Parse(dtype, tie, bitsOf));
            var above = (tie.Contains('.', StringComparison.Ordinal) ? tie : tie + ".") + Tail;
            Assert.Equal(bits + 1, Parse(dtype, above, bitsOf));
            var below = Decimals.Exact((((2 * (BigInteger)significand) + 1) << 130) - 1, exponent - 131);
            Assert.Equal(bits, Parse(dtype, below, bitsOf));
        }
    }

    private static int Parse(DType dtype, string text, Func<Tensor, int> bitsOf)
    {
        var cursor = new JsonCursor(Encoding.ASCII.GetBytes(text));
        using var tensor = JsonTensorReader.ReadNested(ref cursor, dtype);
        cursor.End();
        return bitsOf(tensor);
    }

    private static int Read(DType dtype, string text) =>
        Parse(dtype, text, tensor => dtype.ElementSize() == 1 ? tensor.Bytes[0] : tensor.As<ushort>()[0]);
}
