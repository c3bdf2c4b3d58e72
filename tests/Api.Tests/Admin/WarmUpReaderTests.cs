using System.Text.Json;
using Granary.Api.Admin;
using Granary.Serving;
using Granary.Torch;

namespace Granary.Api.Tests.Admin;

public sealed class WarmUpReaderTests
{
    [Theory]
    [InlineData("""{"dtype":"float32","shape":[2],"values":[1,-2.5]}""", "float32[2]:0000803f000020c0")]
    [InlineData("""{"dtype":"float","values":[[1],[2]]}""", "float32[2,1]:0000803f00000040")]
    [InlineData("""{"dtype":"double","values":1.5}""", "float64[]:000000000000f83f")]
    [InlineData("""{"dtype":"float64","shape":[3],"values":["NaN","Infinity","-Infinity"]}""", "float64[3]:000000000000f8ff000000000000f07f000000000000f0ff")]
    [InlineData("""{"dtype":"half","values":[1]}""", "float16[1]:003c")]
    [InlineData("""{"dtype":"bfloat16","values":[1,3.0078125,3.01171875,3.0234375,"NaN","Infinity"]}""", "bfloat16[6]:803f404041404240c0ff807f")]
    [InlineData("""{"dtype":"int8","values":[-128,127]}""", "int8[2]:807f")]
    [InlineData("""{"dtype":"uint8","values":[0,255]}""", "uint8[2]:00ff")]
    [InlineData("""{"dtype":"short","values":[-2]}""", "int16[1]:feff")]
    [InlineData("""{"dtype":"uint16","values":[65535]}""", "uint16[1]:ffff")]
    [InlineData("""{"dtype":"int","values":[-1]}""", "int32[1]:ffffffff")]
    [InlineData("""{"dtype":"uint32","values":[4294967295]}""", "uint32[1]:ffffffff")]
    [InlineData("""{"dtype":"long","values":[-9223372036854775808]}""", "int64[1]:0000000000000080")]
    [InlineData("""{"dtype":"uint64","values":[18446744073709551615]}""", "uint64[1]:ffffffffffffffff")]
    [InlineData("""{"dtype":"bool","values":[true,false,1,0]}""", "bool[4]:01000100")]
    [InlineData("""{"dtype":"cfloat","shape":[1],"values":[1,2]}""", "complex64[1]:0000803f00000040")]
    [InlineData("""{"dtype":"complex128","shape":[1],"values":[[1,2]]}""", "complex128[1]:000000000000f03f0000000000000040")]
    [InlineData("""{"dtype":"complex32","shape":[],"values":[1,2]}""", "complex32[]:003c0040")]
    [InlineData("""{"dtype":"int8","values":[]}""", "int8[0]:")]
    [InlineData("""{"dtype":"int8","shape":[0,4],"values":[]}""", "int8[0,4]:")]
    public void Read_Tensor_ExactBytes(string input, string expected)
    {
        using var warmUp = Read($$"""{"inputs":[{{input}}]}""");
        var tensor = Assert.IsType<Tensor>(Assert.Single(warmUp.Inputs).Value);
        Assert.Equal(expected, $"{tensor.DType.TorchName()}[{string.Join(',', tensor.Shape.ToArray())}]:{Convert.ToHexStringLower(tensor.Bytes)}");
    }

    [Theory]
    [InlineData("""{"dtype":"int8","values":[128]}""", "inputs[0]: a value is not a int8")]
    [InlineData("""{"dtype":"uint8","values":[-1]}""", "inputs[0]: a value is not a uint8")]
    [InlineData("""{"dtype":"int32","values":[1.5]}""", "inputs[0]: a value is not a int32: 1.5 is not a whole number")]
    [InlineData("""{"dtype":"int32","values":["1"]}""", "inputs[0]: a value is not a int32")]
    [InlineData("""{"dtype":"float32","values":["one"]}""", "inputs[0]: a value is not a float32: 'one' is not a number")]
    [InlineData("""{"dtype":"float32","values":[null]}""", "inputs[0]: a value is not a float32")]
    [InlineData("""{"dtype":"bool","values":[2]}""", "inputs[0]: a value is not a bool: expected 0 or 1")]
    [InlineData("""{"dtype":"float8_e5m2","values":[1]}""", "samples of this dtype cannot be written as JSON")]
    [InlineData("""{"dtype":"float32","shape":[3],"values":[1,2]}""", "2 values do not fill shape [3], which takes 3")]
    [InlineData("""{"dtype":"float32","values":[[1,2],[3]]}""", "3 values do not fill shape [2, 2], which takes 4")]
    [InlineData("""{"dtype":"float32","shape":[9223372036854775807,9223372036854775807,4],"values":[1]}""", "1 values do not fill shape")]
    [InlineData("""{"dtype":"float32","shape":[-1],"values":[1]}""", "shape [-1] holds a negative size")]
    [InlineData("""{"dtype":"cfloat","values":[1,2]}""", "a complex tensor needs a shape")]
    [InlineData("""{"dtype":"float99","values":[1]}""", "inputs[0].dtype: 'float99' is not a dtype")]
    [InlineData("""{"values":[1]}""", "inputs[0].dtype: missing")]
    [InlineData("""{"dtype":"int8"}""", "inputs[0].values: missing")]
    [InlineData("""{"dtype":"int8","values":[1],"data":[1]}""", "inputs[0].data: unknown field")]
    [InlineData("""{"value":1,"dtype":"int8"}""", "inputs[0].dtype: unknown field")]
    [InlineData("""7""", "inputs[0]: expected an object, not 7")]
    public void Read_BadInput_Refused(string input, string expected)
    {
        var exception = Assert.Throws<ServingException>(() => Read($$"""{"inputs":[{{input}}]}"""));
        Assert.Equal(ServingError.InvalidArgument, exception.Error);
        Assert.Contains(expected, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_FaultsInSeveralInputs_AllNamed()
    {
        var message = Assert.Throws<ServingException>(() => Read("""{"inputs":[{"dtype":"int8","values":[999]},{"dtype":"x","values":[1]}],"count":0,"wait":"no","extra":1}""")).Message;
        Assert.All(
            ["inputs[0]: a value is not a int8", "inputs[1].dtype: 'x' is not a dtype", "count: expected a whole number from 1", "wait: expected true or false", "extra: unknown field; known are inputs, method, count, wait"],
            part => Assert.Contains(part, message, StringComparison.Ordinal));
    }

    [Fact]
    public void Read_MoreRunsThanAllowed_Refused() =>
        Assert.Contains("count: is 10001; at most 10000 runs", Assert.Throws<ServingException>(() => Read("""{"count":10001}""")).Message, StringComparison.Ordinal);

    [Fact]
    public void Read_PositionalAfterNamed_Refused() =>
        Assert.Contains("inputs[1].name: missing; inputs without a name come before", Assert.Throws<ServingException>(() => Read("""{"inputs":[{"name":"a","value":1},{"value":2}]}""")).Message, StringComparison.Ordinal);

    [Fact]
    public void Read_ValuesThatAreNoTensors_WhatTheirJsonSays()
    {
        using var warmUp = Read("""{"inputs":[{"value":3},{"value":3.5},{"value":"t"},{"value":[true,null]},{"name":"k","value":{"a":1}}],"method":"encode","count":7,"wait":false}""");
        Assert.Equal((7, false, "given"), (warmUp.Count, warmUp.Wait, warmUp.Origin));
        Assert.Equal(3, Assert.IsType<IntValue>(warmUp.Inputs[0].Value).Number);
        Assert.Equal(3.5, Assert.IsType<DoubleValue>(warmUp.Inputs[1].Value).Number);
        Assert.Equal("t", Assert.IsType<StringValue>(warmUp.Inputs[2].Value).Text);
        Assert.Equal(["bool", "None"], Assert.IsType<ListValue>(warmUp.Inputs[3].Value).Items.Select(item => item.Kind));
        Assert.Equal("k", warmUp.Inputs[4].Name);
        Assert.Equal("a", Assert.IsType<StringValue>(Assert.Single(Assert.IsType<DictValue>(warmUp.Inputs[4].Value).Entries).Key).Text);
    }

    private static WarmUp Read(string json)
    {
        using var document = JsonDocument.Parse(json);
        return WarmUpReader.Read(document.RootElement, null);
    }
}
