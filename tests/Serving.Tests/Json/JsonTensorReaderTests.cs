using System.Globalization;
using System.Text;
using Granary.Serving.Json;
using Granary.Torch;

namespace Granary.Serving.Tests.Json;

public sealed class JsonTensorReaderTests
{
    [Theory]
    [InlineData("5", new long[0], new[] { 5f })]
    [InlineData("[]", new long[] { 0 }, new float[0])]
    [InlineData("[[],[]]", new long[] { 2, 0 }, new float[0])]
    [InlineData("[[[]]]", new long[] { 1, 1, 0 }, new float[0])]
    [InlineData("[1,2,3]", new long[] { 3 }, new[] { 1f, 2, 3 })]
    [InlineData(" [ [ 1 , 2 ] , [ 3 , true ] ] ", new long[] { 2, 2 }, new[] { 1f, 2, 3, 1 })]
    [InlineData("[[[1],[2]],[[3],[4]],[[5],[6]]]", new long[] { 3, 2, 1 }, new[] { 1f, 2, 3, 4, 5, 6 })]
    [InlineData("[NaN,Infinity,-Infinity,-0.0]", new long[] { 4 }, new[] { float.NaN, float.PositiveInfinity, float.NegativeInfinity, -0f })]
    public void ReadNested_Lists_GiveTheShape(string json, long[] shape, float[] values)
    {
        using var tensor = Nested(json, DType.Float32);
        Assert.Equal(shape, tensor.Shape.ToArray());
        Assert.Equal(values, tensor.As<float>().ToArray());
    }

    [Theory]
    [InlineData("[true,false]", DType.Bool)]
    [InlineData("[1,true]", DType.Int64)]
    [InlineData("7", DType.Int64)]
    [InlineData("[[1,2],[3,4.0]]", DType.Float32)]
    [InlineData("[1,1e3]", DType.Float32)]
    [InlineData("[1,NaN]", DType.Float32)]
    [InlineData("[[],[]]", DType.Float32)]
    [InlineData("false", DType.Bool)]
    [InlineData("[true,1.5]", DType.Float32)]
    public void ReadNested_NoDtype_InfersAsTorchDoes(string json, DType expected)
    {
        using var tensor = Nested(json, null);
        Assert.Equal(expected, tensor.DType);
    }

    [Theory]
    [InlineData("[[1,2],[3]]", "invalid value at byte 9: ragged list: the list at [1] has 1 items where the ones before it have 2")]
    [InlineData("[[1,2],[3,4,5]]", "invalid value at byte 13: ragged list: the list at [1] has 3 items where the ones before it have 2")]
    [InlineData("[[[1],[2]],[[3]]]", "invalid value at byte 15: ragged list: the list at [1] has 1 items where the ones before it have 2")]
    [InlineData("[[[1],[2]],[[3],[]]]", "invalid value at byte 17: ragged list: the list at [1][1] has 0 items where the ones before it have 1")]
    [InlineData("[[],1]", "invalid value at byte 4: ragged list: expected a list, found a value in the outermost list: values before it stand 2 lists deep")]
    [InlineData("[1,[2]]", "invalid value at byte 3: ragged list: expected a value, found a list in the outermost list: values before it stand 1 lists deep")]
    [InlineData("[[1],2]", "invalid value at byte 5: ragged list: expected a list, found a value in the outermost list: values before it stand 2 lists deep")]
    [InlineData("[1,\"2\"]", "invalid value at byte 3: expected a number for float32, found a string")]
    [InlineData("[1,null]", "invalid value at byte 3: expected a number for float32, found null")]
    [InlineData("[1,{}]", "invalid value at byte 3: expected a number for float32, found an object")]
    [InlineData("[1,01]", "malformed JSON at byte 3: a number may not start with a zero")]
    [InlineData("[1,2", "malformed JSON at byte 4: expected ',' or ']', found the end of the text")]
    [InlineData("[1,", "malformed JSON at byte 3: expected a value, found the end of the text")]
    [InlineData("[1}", "malformed JSON at byte 2: expected ',' or ']', found '}'")]
    [InlineData("[[1}", "malformed JSON at byte 3: expected ',' or ']', found '}'")]
    [InlineData("[[1]}", "malformed JSON at byte 4: expected ',' or ']', found '}'")]
    [InlineData("[1,]", "malformed JSON at byte 3: expected a value, found ']'")]
    [InlineData("[[1],]", "malformed JSON at byte 5: expected a value, found ']'")]
    public void ReadNested_Wrong_SaysWhereAndWhat(string json, string message) =>
        Assert.Equal(message, Assert.Throws<ServingException>(() => Nested(json, DType.Float32)).Message);

    [Theory]
    [InlineData(DType.UInt8, "[0, 255, 3.0, 1e2, true]", new double[] { 0, 255, 3, 100, 1 })]
    [InlineData(DType.Int8, "[-128, 127, -0, 1200e-2]", new double[] { -128, 127, 0, 12 })]
    [InlineData(DType.Int16, "[-32768, 32767]", new double[] { -32768, 32767 })]
    [InlineData(DType.UInt16, "[0, 65535]", new double[] { 0, 65535 })]
    [InlineData(DType.Int32, "[-2147483648, 2147483647]", new double[] { int.MinValue, int.MaxValue })]
    [InlineData(DType.UInt32, "[-0.0, 4294967295]", new double[] { 0, uint.MaxValue })]
    [InlineData(DType.Bool, "[true, false, 1, 0, 1.0]", new double[] { 1, 0, 1, 0, 1 })]
    public void ReadNested_WholeNumbersInRange_AreExact(DType dtype, string json, double[] expected)
    {
        using var tensor = Nested(json, dtype);
        Assert.Equal(expected, Enumerable.Range(0, expected.Length).Select(i => Whole(tensor, i)).ToArray());
    }

    [Theory]
    [InlineData("-9223372036854775808", long.MinValue)]
    [InlineData("9223372036854775807", long.MaxValue)]
    [InlineData("9223372036854775807.000", long.MaxValue)]
    [InlineData("9.223372036854775807e18", long.MaxValue)]
    [InlineData("-92233720368547758080e-1", long.MinValue)]
    [InlineData("0.0000000000000000000000000000000000000000001e43", 1)]
    [InlineData("100000000000000000000000000000000000000000000e-44", 1)]
    [InlineData("0e999999999999", 0)]
    public void ReadNested_Int64AtItsEdges_IsExact(string json, long expected)
    {
        using var tensor = Nested(json, DType.Int64);
        Assert.Equal(expected, tensor.As<long>()[0]);
    }

    [Theory]
    [InlineData("18446744073709551615", ulong.MaxValue)]
    [InlineData("18446744073709551615.0", ulong.MaxValue)]
    [InlineData("1.8446744073709551615e19", ulong.MaxValue)]
    [InlineData("9223372036854775808", 9223372036854775808)]
    [InlineData("10000000000000000000", 10000000000000000000)]
    public void ReadNested_UInt64AtItsEdges_IsExact(string json, ulong expected)
    {
        using var tensor = Nested(json, DType.UInt64);
        Assert.Equal(expected, tensor.As<ulong>()[0]);
    }

    [Theory]
    [InlineData(DType.UInt8, "256", "256 does not fit uint8, which holds 0 to 255")]
    [InlineData(DType.UInt8, "-1", "-1 does not fit uint8, which holds 0 to 255")]
    [InlineData(DType.Int8, "128", "128 does not fit int8, which holds -128 to 127")]
    [InlineData(DType.Int8, "-129", "-129 does not fit int8, which holds -128 to 127")]
    [InlineData(DType.Int16, "32768", "32768 does not fit int16, which holds -32768 to 32767")]
    [InlineData(DType.UInt16, "65536", "65536 does not fit uint16, which holds 0 to 65535")]
    [InlineData(DType.Int32, "-2147483649", "-2147483649 does not fit int32, which holds -2147483648 to 2147483647")]
    [InlineData(DType.UInt32, "4294967296", "4294967296 does not fit uint32, which holds 0 to 4294967295")]
    [InlineData(DType.Int64, "-9223372036854775809", "-9223372036854775809 does not fit int64, which holds -9223372036854775808 to 9223372036854775807")]
    [InlineData(DType.Int64, "1e400", "1e400 does not fit int64, which holds -9223372036854775808 to 9223372036854775807")]
    [InlineData(DType.UInt64, "18446744073709551616", "18446744073709551616 does not fit uint64, which holds 0 to 18446744073709551615")]
    [InlineData(DType.UInt64, "184467440737095516150", "184467440737095516150 does not fit uint64, which holds 0 to 18446744073709551615")]
    [InlineData(DType.UInt64, "999999999999999999999999999999999999999999", "9999999999999999999999999999999999999999… does not fit uint64, which holds 0 to 18446744073709551615")]
    [InlineData(DType.Int32, "3.5", "3.5 is not a whole number, which int32 needs")]
    [InlineData(DType.Int64, "1e-400", "1e-400 is not a whole number, which int64 needs")]
    [InlineData(DType.Int64, "1.00000000000000000000000000000001", "1.00000000000000000000000000000001 is not a whole number, which int64 needs")]
    [InlineData(DType.Int64, "9223372036854775807.5", "9223372036854775807.5 is not a whole number, which int64 needs")]
    [InlineData(DType.Int64, "NaN", "NaN is not a whole number, which int64 needs")]
    [InlineData(DType.Bool, "2", "2 does not fit bool, which holds true, false, 1 and 0")]
    [InlineData(DType.Bool, "0.5", "0.5 is not a whole number, which bool needs")]
    public void ReadNested_NotOfTheDtype_NamesValueAndRange(DType dtype, string json, string message) =>
        Assert.Equal($"invalid value at byte 1: {message}", Assert.Throws<ServingException>(() => Nested($"[{json}]", dtype)).Message);

    [Fact]
    public void ReadNested_RandomWholeNumbers_AgreeWithInt128()
    {
        var random = new Random(41);
        for (var i = 0; i < 20_000; i++)
        {
            var value = (Int128)random.NextInt64(long.MinValue, long.MaxValue) * random.Next(1, 5) >> random.Next(64);
            var text = value.ToString(CultureInfo.InvariantCulture);
            var form = i % 4 == 0 || value == 0 ? text : i % 4 == 1 ? text + ".000" : i % 4 == 2 ? text + "00e-2" : text + "e0";
            var position = 0;
            var found = JsonNumber.TryParseInt64(Encoding.ASCII.GetBytes(form), ref position, out var whole);
            Assert.Equal(value >= long.MinValue && value <= long.MaxValue, found);
            Assert.Equal(found ? value : 0, whole);
            Assert.Equal(found ? form.Length : 0, position);
        }
    }

    [Theory]
    [InlineData("[[1,2,3],[4,5,6]]", NestingRule.Exact)]
    [InlineData("[1,2,3,4,5,6]", NestingRule.Flat)]
    [InlineData("[1,2,3,4,5,6]", NestingRule.AnyDepth)]
    [InlineData("[[1,2],[3],[[4,5],6],[]]", NestingRule.AnyDepth)]
    public void ReadShaped_FittingNesting_FillsTheShape(string json, NestingRule rule)
    {
        using var tensor = Shaped(json, [2, 3], rule);
        Assert.Equal([2, 3], tensor.Shape.ToArray());
        Assert.Equal([1f, 2, 3, 4, 5, 6], tensor.As<float>().ToArray());
    }

    [Theory]
    [InlineData("7", NestingRule.Exact)]
    [InlineData("7", NestingRule.Flat)]
    [InlineData("[7]", NestingRule.Flat)]
    [InlineData("7", NestingRule.AnyDepth)]
    [InlineData("[[7]]", NestingRule.AnyDepth)]
    public void ReadShaped_ZeroDimensions_TakesOneValue(string json, NestingRule rule)
    {
        using var tensor = Shaped(json, [], rule);
        Assert.True(tensor.Shape.IsEmpty);
        Assert.Equal(7f, tensor.As<float>()[0]);
    }

    [Theory]
    [InlineData("[]", new long[] { 0 }, NestingRule.Exact)]
    [InlineData("[]", new long[] { 0, 3 }, NestingRule.Exact)]
    [InlineData("[[],[]]", new long[] { 2, 0 }, NestingRule.Exact)]
    [InlineData("[]", new long[] { 2, 0 }, NestingRule.Flat)]
    [InlineData("[[],[]]", new long[] { 4, 0 }, NestingRule.AnyDepth)]
    public void ReadShaped_NoElements_IsAnEmptyTensor(string json, long[] shape, NestingRule rule)
    {
        using var tensor = Shaped(json, shape, rule);
        Assert.Equal(shape, tensor.Shape.ToArray());
        Assert.Equal(0, tensor.ElementCount);
    }

    [Theory]
    [InlineData("[1,2,3,4,5,6]", NestingRule.Exact, "invalid value at byte 1: expected a list, found a value in the outermost list: shape [2,3] needs lists nested 2 deep")]
    [InlineData("[[1,2,3],[4,5]]", NestingRule.Exact, "invalid value at byte 13: the list at [1] has 2 items where shape [2,3] needs 3")]
    [InlineData("[[1,2,3]]", NestingRule.Exact, "invalid value at byte 8: the outermost list has 1 items where shape [2,3] needs 2")]
    [InlineData("[[1,2,3],[4,5,6],[7,8,9]]", NestingRule.Exact, "invalid value at byte 24: the outermost list has 3 items where shape [2,3] needs 2")]
    [InlineData("[[[1],2,3],[4,5,6]]", NestingRule.Exact, "invalid value at byte 2: expected a value, found a list in the list at [0]: shape [2,3] needs lists nested 2 deep")]
    [InlineData("7", NestingRule.Exact, "invalid value at byte 0: expected a list, found a value in the outermost list: shape [2,3] needs lists nested 2 deep")]
    [InlineData("[1,2,3]", NestingRule.Flat, "invalid value at byte 6: the outermost list has 3 items where shape [2,3] needs 6")]
    [InlineData("[[1,2,3],[4,5,6]]", NestingRule.Flat, "invalid value at byte 1: expected a value, found a list in the outermost list: shape [2,3] needs lists nested 1 deep")]
    [InlineData("[1,2,3,4,5,6,7]", NestingRule.Flat, "invalid value at byte 14: the outermost list has 7 items where shape [2,3] needs 6")]
    [InlineData("[[1,2,3],[4,5]]", NestingRule.AnyDepth, "invalid value at byte 15: got 5 values where shape [2,3] needs 6")]
    [InlineData("7", NestingRule.AnyDepth, "invalid value at byte 0: expected a list, found a number")]
    public void ReadShaped_WrongNesting_SaysWhereAndWhat(string json, NestingRule rule, string message) =>
        Assert.Equal(message, Assert.Throws<ServingException>(() => Shaped(json, [2, 3], rule)).Message);

    [Fact]
    public void ReadShaped_HugeShapeForASmallText_DoesNotRentItsMemory()
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        var error = Assert.Throws<ServingException>(() => Shaped("[1,2,3]", [1L << 40], NestingRule.Flat));
        Assert.Equal("invalid value at byte 6: the outermost list has 3 items where shape [1099511627776] needs 1099511627776", error.Message);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1_000_000);
    }

    [Theory]
    [InlineData("[1, 3,32 ,32]", new long[] { 1, 3, 32, 32 })]
    [InlineData("[]", new long[0])]
    [InlineData("[0]", new long[] { 0 })]
    public void ReadShape_Sizes_AreRead(string json, long[] expected)
    {
        var cursor = new JsonCursor(Encoding.UTF8.GetBytes(json));
        Assert.Equal(expected, JsonTensorReader.ReadShape(ref cursor));
        cursor.End();
    }

    [Theory]
    [InlineData("[-1]", "invalid value at byte 1: a shape cannot have the size -1; sizes are 0 or more")]
    [InlineData("[4294967296,4294967296]", "invalid value at byte 1: shape [4294967296,4294967296] is negative or has too many elements")]
    [InlineData("3", "invalid value at byte 0: expected a list, found a number")]
    [InlineData("[1.5]", "invalid value at byte 1: 1.5 is not a whole number, which int64 needs")]
    public void ReadShape_NotSizes_SaysWhy(string json, string message) => Assert.Equal(message, Assert.Throws<ServingException>(() =>
    {
        var cursor = new JsonCursor(Encoding.UTF8.GetBytes(json));
        JsonTensorReader.ReadShape(ref cursor);
    }).Message);

    [Theory]
    [InlineData("[1, \"2j\", \"(1.5-2j)\", \"-1e-3+inf\u006a\", \"nan\", [3, 4]]", new double[] { 1, 0, 0, 2, 1.5, -2, -0.001, double.PositiveInfinity, double.NaN, 0, 3, 4 })]
    public void ReadShaped_Complex_TakesNumbersPairsAndStrings(string json, double[] expected)
    {
        foreach (var rule in new[] { NestingRule.Exact, NestingRule.Flat })
        {
            var cursor = new JsonCursor(Encoding.UTF8.GetBytes(json));
            using var tensor = JsonTensorReader.ReadShaped(ref cursor, DType.Complex128, [6], rule);
            Assert.Equal(expected, tensor.Bytes.ToArray().Chunk(8).Select(part => BitConverter.ToDouble(part)).ToArray());
        }
    }

    [Fact]
    public void ReadNested_ComplexPairs_AreTheLastDimension()
    {
        var cursor = new JsonCursor("[[[1,2],[3,4]]]"u8);
        using var tensor = JsonTensorReader.ReadNested(ref cursor, DType.Complex64, complexPairs: true);
        Assert.Equal(DType.Complex64, tensor.DType);
        Assert.Equal([1, 2], tensor.Shape.ToArray());
        Assert.Equal([1f, 2, 3, 4], tensor.Bytes.ToArray().Chunk(4).Select(part => BitConverter.ToSingle(part)).ToArray());
    }

    [Fact]
    public void ReadNested_ComplexWithoutPairs_GivesListsADimension()
    {
        using var tensor = Nested("[[1,\"2+3j\"],[3,4]]", DType.Complex128);
        Assert.Equal([2, 2], tensor.Shape.ToArray());
    }

    [Theory]
    [InlineData("[\"1+2\"]")]
    [InlineData("[\"\"]")]
    [InlineData("[\"(1+2j\"]")]
    [InlineData("[\"1+2jj\"]")]
    [InlineData("[\"1++2j\"]")]
    [InlineData("[[1]]")]
    [InlineData("[[1,2,3]]")]
    [InlineData("[[1,\"2\"]]")]
    [InlineData("[\"1+2j]")]
    public void ReadShaped_NotComplex_IsRefused(string json) => Assert.Throws<ServingException>(() =>
    {
        var cursor = new JsonCursor(Encoding.UTF8.GetBytes(json));
        JsonTensorReader.ReadShaped(ref cursor, DType.Complex64, [1], NestingRule.Exact);
    });

    private static Tensor Nested(string json, DType? dtype)
    {
        var cursor = new JsonCursor(Encoding.UTF8.GetBytes(json));
        var tensor = JsonTensorReader.ReadNested(ref cursor, dtype);
        cursor.End();
        return tensor;
    }

    private static Tensor Shaped(string json, long[] shape, NestingRule rule)
    {
        var cursor = new JsonCursor(Encoding.UTF8.GetBytes(json));
        var tensor = JsonTensorReader.ReadShaped(ref cursor, DType.Float32, shape, rule);
        cursor.End();
        return tensor;
    }

    private static double Whole(Tensor tensor, int index) => tensor.DType switch
    {
        DType.Int8 => tensor.As<sbyte>()[index],
        DType.Int16 => tensor.As<short>()[index],
        DType.UInt16 => tensor.As<ushort>()[index],
        DType.Int32 => tensor.As<int>()[index],
        DType.UInt32 => tensor.As<uint>()[index],
        _ => tensor.As<byte>()[index],
    };
}
