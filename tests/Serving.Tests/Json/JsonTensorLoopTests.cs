using System.Text;
using Granary.Serving.Json;
using Granary.Torch;

namespace Granary.Serving.Tests.Json;

/// <summary>The loop over long lists: its fast path, its edges and its growth, against the reference parsers.</summary>
public sealed class JsonTensorLoopTests
{
    private static readonly string[] Separators = [",", ", ", " , ", ",\n              ", ",\r\n\t", ",                                               "];

    [Theory]
    [InlineData(19, 0)]
    [InlineData(22, 0)]
    [InlineData(22, 40)]
    [InlineData(60, 330)]
    public void ReadNested_RandomLists_AreExactInBothFormats(int digits, int exponent)
    {
        var random = new Random(digits + exponent);
        for (var round = 0; round < 300; round++)
        {
            var texts = new string[random.Next(1, 100)];
            for (var i = 0; i < texts.Length; i++)
                texts[i] = Decimals.Random(random, digits, exponent);
            CheckList(texts, Separators[round % Separators.Length]);
        }
    }

    [Fact]
    public void ReadNested_PrintedFloats_AreExactInBothFormats()
    {
        var random = new Random(51);
        for (var round = 0; round < 300; round++)
        {
            var texts = new string[60];
            for (var i = 0; i < texts.Length; i++)
            {
                var value = (random.NextDouble() - 0.5) * Math.Pow(10, random.Next(-3, 9));
                texts[i] = (round % 2 == 0 ? value : (float)value).ToString("R", System.Globalization.CultureInfo.InvariantCulture);
            }

            CheckList(texts, Separators[round % Separators.Length]);
        }
    }

    [Fact]
    public void ReadNested_TiesOfSingles_AreExactOnTheFastPath()
    {
        var random = new Random(52);
        var texts = new List<string>();
        for (var i = 0; i < 20_000; i++)
        {
            // Few enough digits for the fast path: 25 bits of significand with up to 17 of them behind the point.
            var tie = Decimals.Exact((1 << 24) + random.Next(1 << 24) | 1, -random.Next(8, 18));
            texts.Add(tie);
            texts.Add(tie.Length < 18 ? tie + "1" : tie);
            texts.Add("-" + tie);
        }

        CheckList([.. texts], ",");
    }

    [Fact]
    public void ReadNested_EveryCountOfDigits_IsExact()
    {
        var texts = new List<string>();
        for (var whole = 1; whole <= 21; whole++)
        {
            for (var fraction = 0; fraction <= 24; fraction++)
            {
                texts.Add(new string('9', whole) + (fraction == 0 ? string.Empty : "." + new string('9', fraction)));
                texts.Add("1" + new string('0', whole - 1) + (fraction == 0 ? string.Empty : "." + new string('0', fraction - 1) + "1"));
                texts.Add("-0" + (fraction == 0 ? string.Empty : "." + new string('7', fraction)));
            }
        }

        foreach (var separator in Separators)
            CheckList([.. texts], separator);
    }

    [Fact]
    public void ReadNested_MalformedInsideALongList_IsRefused()
    {
        var good = string.Concat(Enumerable.Repeat("0.1234567890123456,", 6));
        foreach (var bad in new[] { "00.1234567890123456", "0.", ".5", "0.1.2", "1.5e", "0..5", "-", "--0.5", "0,5,,", "0.5 0.5", "0.5e1.5", "+0.5", "01.5", "0x1", "1_0.5", "0.12345678901234567890123456789012345678.5", "\"0.5\"", "0.5]", "\u00030.5", "[0.5]" })
        {
            var error = Assert.Throws<ServingException>(() => Read($"[{good}{bad},{good}0]", DType.Float32));
            Assert.Equal(ServingError.InvalidArgument, error.Error);
            Assert.Throws<ServingException>(() => Read($"[{good}{bad},{good}0]", DType.Float64));
        }
    }

    [Fact]
    public void ReadNested_CutAtEveryByte_IsRefusedAndReadsNoFurther()
    {
        var text = "[[0.1234567890123456, -0.2345678901234567, 12.5], [1, 2e5, 0.3456789012345678]]";
        for (var length = 0; length < text.Length; length++)
            Assert.Throws<ServingException>(() => Read(text[..length], DType.Float64));
        Read(text, DType.Float64).Dispose();
    }

    [Fact]
    public void ReadNested_ManySmallValues_GrowsTheBuffer()
    {
        const int Count = 300_000;
        var json = "[" + string.Join(',', Enumerable.Range(0, Count).Select(i => i % 10)) + "]";
        foreach (var dtype in new[] { DType.UInt8, DType.Int64, DType.Float64 })
        {
            using var tensor = Read(json, dtype);
            Assert.Equal([Count], tensor.Shape.ToArray());
            for (var i = 0; i < Count; i++)
            {
                var value = dtype == DType.UInt8 ? tensor.Bytes[i] : dtype == DType.Int64 ? tensor.As<long>()[i] : tensor.As<double>()[i];
                if (value != i % 10)
                    Assert.Fail($"{dtype} [{i}] is {value}");
            }
        }
    }

    private static void CheckList(string[] texts, string separator)
    {
        var json = $"[{string.Join(separator, texts)}]";
        using var singles = Read(json, DType.Float32);
        using var doubles = Read(json, DType.Float64);
        Assert.Equal([texts.Length], singles.Shape.ToArray());
        for (var i = 0; i < texts.Length; i++)
        {
            if (BitConverter.SingleToInt32Bits(Decimals.Single(texts[i])) != BitConverter.SingleToInt32Bits(singles.As<float>()[i]))
                Assert.Fail($"{texts[i]}: float {singles.As<float>()[i]:R} instead of {Decimals.Single(texts[i]):R}");
            if (BitConverter.DoubleToInt64Bits(Decimals.Double(texts[i])) != BitConverter.DoubleToInt64Bits(doubles.As<double>()[i]))
                Assert.Fail($"{texts[i]}: double {doubles.As<double>()[i]:R} instead of {Decimals.Double(texts[i]):R}");
        }
    }

    private static Tensor Read(string json, DType dtype)
    {
        var cursor = new JsonCursor(Encoding.UTF8.GetBytes(json));
        var tensor = JsonTensorReader.ReadNested(ref cursor, dtype);
        cursor.End();
        return tensor;
    }
}
