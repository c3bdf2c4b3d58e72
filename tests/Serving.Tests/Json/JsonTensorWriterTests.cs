using System.Text;
using System.Text.Json;
using Granary.Serving.Json;
using Granary.Torch;

namespace Granary.Serving.Tests.Json;

public sealed class JsonTensorWriterTests
{
    public static TheoryData<DType> DTypesToWrite => [.. Enum.GetValues<DType>()];

    [Theory]
    [InlineData(new[] { 1f, 0.1f, -0f, 1e-7f, 16777216f, 1e30f }, "[1.0,0.1,-0.0,1e-07,16777216.0,1e+30]")]
    [InlineData(new[] { float.NaN, float.PositiveInfinity, float.NegativeInfinity, float.MaxValue, float.Epsilon }, "[NaN,Infinity,-Infinity,3.4028235e+38,1e-45]")]
    public void WriteFlat_Float32_LooksAsPythonPrintsFloats(float[] values, string expected)
    {
        using var tensor = Tensor.From<float>(DType.Float32, [values.Length], values);
        Assert.Equal(expected, Write(tensor, JsonTensorWriter.WriteFlat));
    }

    [Fact]
    public void WriteFlat_Float64_LooksAsPythonPrintsFloats()
    {
        using var tensor = Tensor.From<double>(DType.Float64, [6], [4.151943055154582, 1, 1e22, 1e-5, 0.0001, double.MaxValue]);
        Assert.Equal("[4.151943055154582,1.0,1e+22,1e-05,0.0001,1.7976931348623157e+308]", Write(tensor, JsonTensorWriter.WriteFlat));
    }

    [Fact]
    public void Write_TwoByThree_InEveryLayout()
    {
        using var tensor = Tensor.From<int>(DType.Int32, [2, 1, 3], [1, 2, 3, 4, 5, -6]);
        Assert.Equal("[1,2,3,4,5,-6]", Write(tensor, JsonTensorWriter.WriteFlat));
        Assert.Equal("[[1,2,3],[4,5,-6]]", Write(tensor, JsonTensorWriter.WriteRows));
        Assert.Equal("[[[1,2,3]],[[4,5,-6]]]", Write(tensor, JsonTensorWriter.WriteNested));
    }

    [Theory]
    [InlineData(new long[0], "[7]", "[[7]]", "7")]
    [InlineData(new long[] { 1 }, "[7]", "[[7]]", "[7]")]
    [InlineData(new long[] { 0 }, "[]", "[]", "[]")]
    [InlineData(new long[] { 2, 0 }, "[]", "[[],[]]", "[[],[]]")]
    [InlineData(new long[] { 0, 2 }, "[]", "[]", "[]")]
    public void Write_SmallShapes_InEveryLayout(long[] shape, string flat, string rows, string nested)
    {
        var count = (int)Tensor.CountElements(shape);
        using var tensor = Tensor.From<byte>(DType.UInt8, shape, Enumerable.Repeat((byte)7, count).ToArray());
        Assert.Equal(flat, Write(tensor, JsonTensorWriter.WriteFlat));
        Assert.Equal(rows, Write(tensor, JsonTensorWriter.WriteRows));
        Assert.Equal(nested, Write(tensor, JsonTensorWriter.WriteNested));
    }

    [Fact]
    public void WriteRows_EmptyTensorOfManyRows_IsRefused()
    {
        using var tensor = Tensor.Rent(DType.UInt8, [1L << 40, 0]);
        var error = Assert.Throws<ServingException>(() => Write(tensor, JsonTensorWriter.WriteRows));
        Assert.Equal(ServingError.TooLarge, error.Error);
    }

    [Fact]
    public void WriteFlat_Bool_AndComplex()
    {
        using var truths = Tensor.From<byte>(DType.Bool, [2], [1, 0]);
        Assert.Equal("[true,false]", Write(truths, JsonTensorWriter.WriteFlat));
        using var complex = Tensor.From<long>(DType.Complex64, [1], [BitConverter.SingleToUInt32Bits(1.5f) | ((long)BitConverter.SingleToUInt32Bits(-2f) << 32)]);
        Assert.Equal("[[1.5,-2.0]]", Write(complex, JsonTensorWriter.WriteFlat));
    }

    [Theory]
    [MemberData(nameof(DTypesToWrite))]
    public void ReadShaped_WhatWasWritten_HasTheSameBits(DType dtype)
    {
        var random = new Random((int)dtype);
        long[] shape = [8, 64, 8];
        using var tensor = Tensor.Rent(dtype, shape);
        random.NextBytes(tensor.Bytes);
        if (dtype.ElementSize() == 2)
        {
            // All of them.
            for (var i = 0; i < tensor.ElementCount; i++)
                tensor.As<ushort>()[i] = (ushort)(i * 16);
        }

        Normalise(tensor);
        Check(tensor, shape, JsonTensorWriter.WriteFlat, NestingRule.Flat);
        Check(tensor, shape, JsonTensorWriter.WriteNested, NestingRule.Exact);
        if (dtype is not (DType.Complex32 or DType.Complex64 or DType.Complex128))
            Check(tensor, shape, JsonTensorWriter.WriteRows, NestingRule.AnyDepth);
    }

    [Fact]
    public void WriteFlat_FiniteValues_IsJsonForOthers()
    {
        var random = new Random(61);
        using var tensor = Tensor.Rent(DType.Float64, [5000]);
        foreach (ref var value in tensor.As<double>())
            value = (random.NextDouble() - 0.5) * Math.Pow(10, random.Next(-300, 300));
        using var document = JsonDocument.Parse(Write(tensor, JsonTensorWriter.WriteFlat));
        Assert.Equal(tensor.As<double>().ToArray(), document.RootElement.EnumerateArray().Select(element => element.GetDouble()).ToArray());
    }

    [Theory]
    [InlineData(new long[0], "[]")]
    [InlineData(new long[] { 1, 8 }, "[1,8]")]
    public void WriteShape_Sizes_AreAList(long[] shape, string expected)
    {
        using var writer = new PooledBufferWriter();
        JsonTensorWriter.WriteShape(writer, shape);
        Assert.Equal(expected, Encoding.UTF8.GetString(writer.WrittenSpan));
    }

    [Fact]
    public void ScalarWriter_Values_LookAsPythonPrintsThem()
    {
        using var writer = new PooledBufferWriter();
        JsonScalarWriter.WriteInt64(writer, long.MinValue);
        writer.WriteByte((byte)' ');
        JsonScalarWriter.WriteDouble(writer, 3);
        writer.WriteByte((byte)' ');
        JsonScalarWriter.WriteDouble(writer, double.NaN);
        writer.WriteByte((byte)' ');
        JsonScalarWriter.WriteBoolean(writer, true);
        Assert.Equal("-9223372036854775808 3.0 NaN true", Encoding.UTF8.GetString(writer.WrittenSpan));
    }

    // What random bytes hold and JSON cannot: truth values other than 0 and 1, and the many bit patterns of NaN.
    private static void Normalise(Tensor tensor)
    {
        foreach (ref var bits in tensor.Bytes)
            bits = tensor.DType == DType.Bool ? (byte)(bits & 1) : bits;
        switch (tensor.DType)
        {
            case DType.Float64 or DType.Complex128:
                foreach (ref var bits in Parts<long>(tensor))
                    bits = double.IsNaN(BitConverter.Int64BitsToDouble(bits)) ? BitConverter.DoubleToInt64Bits(double.NaN) : bits;
                break;
            case DType.Float32 or DType.Complex64:
                foreach (ref var bits in Parts<int>(tensor))
                    bits = float.IsNaN(BitConverter.Int32BitsToSingle(bits)) ? BitConverter.SingleToInt32Bits(float.NaN) : bits;
                break;
            case DType.Float16 or DType.Complex32:
                foreach (ref var bits in Parts<ushort>(tensor))
                    bits = (bits & 0x7FFF) > 0x7C00 ? (ushort)0x7E00 : bits;
                break;
            case DType.BFloat16:
                foreach (ref var bits in tensor.As<ushort>())
                    bits = (bits & 0x7FFF) > 0x7F80 ? (ushort)0x7FC0 : bits;
                break;
            case DType.Float8E5M2:
                foreach (ref var bits in tensor.Bytes)
                    bits = (bits & 0x7F) > 0x7C ? (byte)0x7E : bits;
                break;
            case DType.Float8E4M3Fn:
                foreach (ref var bits in tensor.Bytes)
                    bits = (bits & 0x7F) == 0x7F ? (byte)0x7F : bits;
                break;
        }
    }

    private static Span<T> Parts<T>(Tensor tensor)
        where T : unmanaged => System.Runtime.InteropServices.MemoryMarshal.Cast<byte, T>(tensor.Bytes);

    private static void Check(Tensor tensor, long[] shape, Action<PooledBufferWriter, Tensor> write, NestingRule rule)
    {
        using var writer = new PooledBufferWriter(16);
        write(writer, tensor);
        var cursor = new JsonCursor(writer.WrittenSpan);
        using var read = JsonTensorReader.ReadShaped(ref cursor, tensor.DType, shape, rule);
        cursor.End();
        Assert.Equal(shape, read.Shape.ToArray());
        Assert.Equal(Convert.ToHexString(tensor.Bytes), Convert.ToHexString(read.Bytes));
    }

    private static string Write(Tensor tensor, Action<PooledBufferWriter, Tensor> write)
    {
        using var writer = new PooledBufferWriter(16);
        write(writer, tensor);
        return Encoding.UTF8.GetString(writer.WrittenSpan);
    }
}
