using System.Text;
using Granary.Serving.Json;
using Granary.Torch;

namespace Granary.Serving.Tests.Json;

/// <summary>Texts are what Python 3.11 prints for <c>json.dumps(value, indent=2)</c>.</summary>
public sealed class PythonJsonWriterTests
{
    private static string Write(Value value)
    {
        using var writer = new PooledBufferWriter();
        PythonJsonWriter.Write(writer, value);
        return Encoding.UTF8.GetString(writer.WrittenSpan);
    }

    public static TheoryData<Value, string> Values => new()
    {
        { NoneValue.Instance, "null" },
        { new BoolValue(true), "true" },
        { new IntValue(long.MinValue), "-9223372036854775808" },
        { new DoubleValue(0.1), "0.1" },
        { new DoubleValue(1e-7), "1e-07" },
        { new DoubleValue(1e22), "1e+22" },
        { new DoubleValue(-0.0), "-0.0" },
        { new DoubleValue(double.NegativeInfinity), "-Infinity" },
        { new StringValue("a\"\\/\b\f\n\r\t\u0001\u007f"), "\"a\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\u007f\"" },
        { new StringValue("é€😀"), "\"\\u00e9\\u20ac\\ud83d\\ude00\"" },
        { new StringValue("x\u007fé\"y"), "\"x\u007f\\u00e9\\\"y\"" },
        { new ListValue([]), "[]" },
        { new DictValue([]), "{}" },
        { new ListValue([new IntValue(1), new ListValue([]), new ListValue([new IntValue(2)])]), "[\n  1,\n  [],\n  [\n    2\n  ]\n]" },
        { new TupleValue([new IntValue(1), new StringValue("b")]), "[\n  1,\n  \"b\"\n]" },
        { new DictValue([new(new StringValue("k"), new DictValue([new(new IntValue(3), NoneValue.Instance)])), new(new BoolValue(true), new IntValue(1))]), "{\n  \"k\": {\n    \"3\": null\n  },\n  \"true\": 1\n}" },
        { new DictValue([new(new DoubleValue(0.5), new IntValue(1))]), "{\n  \"0.5\": 1\n}" },
        { Tensor.From<float>(DType.Float32, [2, 2], [0.1f, 1, float.NaN, 3e38f]), "[\n  [\n    0.10000000149011612,\n    1.0\n  ],\n  [\n    NaN,\n    3.0000000054977558e+38\n  ]\n]" },
        { Tensor.From<long>(DType.Int64, [], [7]), "7" },
        { Tensor.From<byte>(DType.Bool, [2], [1, 0]), "[\n  true,\n  false\n]" },
        { Tensor.From<Half>(DType.Float16, [1], [(Half)0.1f]), "[\n  0.0999755859375\n]" },
        { Tensor.From<ushort>(DType.BFloat16, [1], [0x3dcd]), "[\n  0.10009765625\n]" },
        { Tensor.From<float>(DType.Float32, [0], []), "[]" },
        { Tensor.From<float>(DType.Float32, [2, 0], []), "[\n  [],\n  []\n]" },
        { Tensor.From<float>(DType.Float32, [0, 2], []), "[]" },
    };

    [Theory]
    [MemberData(nameof(Values))]
    public void Write_AValue_IsWhatPythonPrints(Value value, string expected)
    {
        Assert.Equal(expected, Write(value));
        value.Dispose();
    }

    [Fact]
    public void Write_NamedTuple_IsAnObject() => Assert.Equal("{\n  \"a\": 1\n}", Write(new TupleValue([new IntValue(1)], "P", ["a"])));

    [Fact]
    public void Write_NestedTooDeeply_IsRefused()
    {
        Value value = new IntValue(1);
        for (var i = 0; i < 300; i++)
            value = new ListValue([value]);
        Assert.Equal(ServingError.Unsupported, Assert.Throws<ServingException>(() => Write(value)).Error);
    }
}
