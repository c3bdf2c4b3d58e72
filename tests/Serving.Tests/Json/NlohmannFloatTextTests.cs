using System.Text;
using Granary.Serving.Json;
using Granary.Torch;

namespace Granary.Serving.Tests.Json;

/// <summary>The expected texts are what nlohmann/json 3.7.0 prints; in the first dozen its digits are not the shortest or not the nearest.</summary>
public sealed class NlohmannFloatTextTests
{
    [Theory]
    [InlineData(6.199200981747334e+16, "6.1992009817473344e+16")]
    [InlineData(-6.4804632974353664e+32, "-6.4804632974353665e+32")]
    [InlineData(-5.602476029483418e+16, "-5.6024760294834176e+16")]
    [InlineData(-2.665395735562245e+186, "-2.6653957355622448e+186")]
    [InlineData(717.3396606445312, "717.3396606445313")]
    [InlineData(-130.25003051757812, "-130.25003051757813")]
    [InlineData(7.021457203160678e+16, "7.0214572031606784e+16")]
    [InlineData(3.9746864561637566e-27, "3.9746864561637565e-27")]
    [InlineData(-4.897097659082342e+16, "-4.8970976590823424e+16")]
    [InlineData(-3.80222210314713e+103, "-3.8022221031471304e+103")]
    [InlineData(-47.078326956083, "-47.078326956083004")]
    [InlineData(2.885616512742195e+16, "2.8856165127421952e+16")]
    [InlineData(0.0, "0.0")]
    [InlineData(-0.0, "-0.0")]
    [InlineData(60.0, "60.0")]
    [InlineData(1.0, "1.0")]
    [InlineData(0.1, "0.1")]
    [InlineData(1000000000000000.0, "1e+15")]
    [InlineData(100000000000000.0, "100000000000000.0")]
    [InlineData(999999999999999.0, "999999999999999.0")]
    [InlineData(1.2345678901234568e+17, "1.2345678901234568e+17")]
    [InlineData(0.0001, "0.0001")]
    [InlineData(1e-05, "1e-05")]
    [InlineData(1.2345e-05, "1.2345e-05")]
    [InlineData(5e-324, "5e-324")]
    [InlineData(1.7976931348623157e+308, "1.7976931348623157e+308")]
    [InlineData(1e+22, "1e+22")]
    [InlineData(1e+23, "9.999999999999999e+22")]
    [InlineData(4.35, "4.35")]
    [InlineData(100000.0, "100000.0")]
    [InlineData(3.4028234663852886e+38, "3.4028234663852886e+38")]
    [InlineData(double.NaN, "null")]
    [InlineData(double.NegativeInfinity, "null")]
    public void WriteDoubleAsNlohmann_Number_IsTheLibrarysText(double value, string expected)
    {
        using var writer = new PooledBufferWriter();
        JsonScalarWriter.WriteDoubleAsNlohmann(writer, value);
        Assert.Equal(expected, Encoding.ASCII.GetString(writer.WrittenSpan));
    }

    [Fact]
    public void WriteFlatAsNlohmann_EveryFloatType_IsWidened()
    {
        Assert.Equal("[0.10000000149011612,60.0,null]", Write(Tensor.From<float>(DType.Float32, [3], [0.1f, 60, float.NaN])));
        Assert.Equal("[0.0999755859375,65504.0]", Write(Tensor.From<Half>(DType.Float16, [2], [(Half)0.1f, Half.MaxValue])));
        Assert.Equal("[0.10009765625]", Write(Tensor.From<ushort>(DType.BFloat16, [1], [0x3DCD])));
        Assert.Equal("[[1.0,-2.5]]", Write(Tensor.From<float>(DType.Complex64, [1], [1, -2.5f])));
        Assert.Equal("[true,false]", Write(Tensor.From<byte>(DType.Bool, [2], [1, 0])));
        Assert.Equal("[]", Write(Tensor.From<long>(DType.Int64, [0], [])));
    }

    private static string Write(Tensor tensor)
    {
        using (tensor)
        using (var writer = new PooledBufferWriter())
        {
            JsonTensorWriter.WriteFlatAsNlohmann(writer, tensor);
            return Encoding.ASCII.GetString(writer.WrittenSpan);
        }
    }
}
