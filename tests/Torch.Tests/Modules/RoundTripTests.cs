using System.Numerics;
using Granary.Torch.Tests.Support;

namespace Granary.Torch.Tests.Modules;

/// <summary>Every kind of value goes in and comes back the same.</summary>
public sealed class RoundTripTests : IClassFixture<RoundTripTests.Echo>
{
    private readonly ScriptModule _echo;

    public RoundTripTests(Echo echo) => _echo = echo.Module;

    public static TheoryData<DType> DTypesOfEveryLibtorch =>
    [
        DType.UInt8, DType.Int8, DType.Int16, DType.Int32, DType.Int64, DType.Float16, DType.Float32, DType.Float64,
        DType.Complex32, DType.Complex64, DType.Complex128, DType.Bool, DType.BFloat16,
    ];

    public static TheoryData<DType, int> DTypesOfNewerLibtorch => new()
    {
        { DType.Float8E5M2, 201 },
        { DType.Float8E4M3Fn, 201 },
        { DType.UInt16, 203 },
        { DType.UInt32, 203 },
        { DType.UInt64, 203 },
    };

    [Theory]
    [MemberData(nameof(DTypesOfEveryLibtorch))]
    public void Invoke_EveryDType_KeepsEveryBit(DType dtype) => AssertKeepsBits(dtype);

    [Theory]
    [MemberData(nameof(DTypesOfNewerLibtorch))]
    public void Invoke_NewerDType_KeepsEveryBitOrIsUnsupported(DType dtype, int since)
    {
        if (Fixture.LibtorchNumber >= since)
        {
            AssertKeepsBits(dtype);
            return;
        }

        using var tensor = Tensor.Rent(dtype, [2]);
        var error = _echo.Fail("forward", tensor);
        Assert.Equal(TorchFailure.Unsupported, error.Failure);
        Assert.Equal($"argument 'x': dtype {dtype.TorchName()} is unknown to libtorch {TorchRuntime.Version}", error.Message);
    }

    [Theory]
    [InlineData(new long[] { })]
    [InlineData(new long[] { 0 })]
    [InlineData(new long[] { 1 })]
    [InlineData(new long[] { 3, 0, 2 })]
    [InlineData(new long[] { 2, 3 })]
    [InlineData(new long[] { 1, 1, 1, 1, 1, 1, 1, 1, 2 })]
    public void Invoke_EveryShape_IsKept(long[] shape)
    {
        using var tensor = Tensor.Rent(DType.Int64, shape);
        tensor.As<long>().Fill(7);
        Assert.Equal(Show.Of(tensor), _echo.Call("forward", tensor));
    }

    [Theory]
    [InlineData(0L)]
    [InlineData(long.MaxValue)]
    [InlineData(long.MinValue)]
    public void Invoke_Int_IsKept(long number) => Assert.Equal(number.ToString(), _echo.Call("integer", new IntValue(number)));

    [Theory]
    [InlineData(0.1, "0.1")]
    [InlineData(-0.0, "-0.0")]
    [InlineData(double.NaN, "NaN")]
    [InlineData(double.NegativeInfinity, "-Infinity")]
    [InlineData(double.Epsilon, "5E-324")]
    public void Invoke_Float_IsKept(double number, string shown) => Assert.Equal(shown, _echo.Call("floating", new DoubleValue(number)));

    [Fact]
    public void Invoke_IntForFloatOrComplex_IsConverted()
    {
        Assert.Equal("3.0", _echo.Call("floating", new IntValue(3)));
        Assert.Equal("(3.0,0.0i)", _echo.Call("complicated", new IntValue(3)));
        Assert.Equal("(2.5,0.0i)", _echo.Call("complicated", new DoubleValue(2.5)));
        Assert.Equal("[1.0,2.5]", _echo.Call("floats", new ListValue([new IntValue(1), new DoubleValue(2.5)])));
        Assert.Equal("{1.0:2;}", _echo.Call("by_float", Dict((new IntValue(1), new IntValue(2)))));
    }

    [Fact]
    public void Invoke_Scalars_AreKept()
    {
        Assert.Equal("(1.5,-2.0i)", _echo.Call("complicated", new ComplexValue(new Complex(1.5, -2))));
        Assert.Equal("True", _echo.Call("boolean", new BoolValue(true)));
        Assert.Equal("None", _echo.Call("nothing", NoneValue.Instance));
        Assert.Equal("5", _echo.Call("number", new IntValue(5)));
        Assert.Equal("5.5", _echo.Call("number", new DoubleValue(5.5)));
        Assert.Equal("(0.0,1.0i)", _echo.Call("number", new ComplexValue(new Complex(0, 1))));
    }

    [Theory]
    [InlineData("")]
    [InlineData("plain")]
    [InlineData("zero\0inside")]
    [InlineData("öäü 漢字 🦀")]
    public void Invoke_Text_IsKept(string text) => Assert.Equal($"'{text}'", _echo.Call("text", new StringValue(text)));

    [Fact]
    public void Invoke_LongText_LeavesTheBufferOnTheStack()
    {
        var text = new string('é', 100_000);
        Assert.Equal($"'{text}'", _echo.Call("text", new StringValue(text)));
    }

    [Fact]
    public void Invoke_Optional_TakesBoth()
    {
        using var tensor = Fixture.Floats(1);
        Assert.Equal("None", _echo.Call("optional", NoneValue.Instance));
        Assert.Equal("float32[1]:1.0", _echo.Call("optional", tensor));
        Assert.Equal("None", _echo.Call("optional_integer", NoneValue.Instance));
        Assert.Equal("4", _echo.Call("optional_integer", new IntValue(4)));
    }

    [Fact]
    public void Invoke_Lists_AreKept()
    {
        using var a = Fixture.Floats(1);
        using var b = Fixture.Doubles([1, 1], 2);
        Assert.Equal("[float32[1]:1.0,float64[1,1]:2.0]", _echo.Call("tensors", new ListValue([a, b])));
        Assert.Equal("[1,2]", _echo.Call("integers", new ListValue([new IntValue(1), new IntValue(2)])));
        Assert.Equal("[True]", _echo.Call("booleans", new ListValue([new BoolValue(true)])));
        Assert.Equal("['a','']", _echo.Call("texts", new ListValue([new StringValue("a"), new StringValue("")])));
        Assert.Equal("[(1.0,2.0i)]", _echo.Call("complexes", new ListValue([new ComplexValue(new Complex(1, 2))])));
        foreach (var method in new[] { "tensors", "integers", "floats", "booleans", "texts", "complexes", "nested", "anything" })
            Assert.Equal("[]", _echo.Call(method, new ListValue([])));
    }

    [Fact]
    public void Invoke_Tuples_AreKeptAndListsServeForThem()
    {
        Value[] items = [new IntValue(1), new StringValue("a")];
        Assert.Equal("(1,'a')", _echo.Call("pair", new TupleValue(items)));
        Assert.Equal("(1,'a')", _echo.Call("pair", new ListValue(items)));
        Assert.Equal("(1,'a')", _echo.Call("pair", new TupleValue(items, "Whatever", ["x", "y"])));
        Assert.Equal("(1)", _echo.Call("single", new TupleValue([new IntValue(1)])));
        Assert.Equal("[1,2]", _echo.Call("integers", new TupleValue([new IntValue(1), new IntValue(2)])));
    }

    [Fact]
    public void Invoke_NamedTuple_TakesFieldsByOrderByNameAndFromADictionary()
    {
        using var x = Fixture.Floats(1);
        const string expected = "Point{x,y}(float32[1]:1.0,2)";
        Assert.Equal(expected, _echo.Call("point", new TupleValue([x, new IntValue(2)])));
        Assert.Equal(expected, _echo.Call("point", new TupleValue([new IntValue(2), x], "Point", ["y", "x"])));
        Assert.Equal(expected, _echo.Call("point", Dict((new StringValue("y"), new IntValue(2)), (new StringValue("x"), x))));
        Assert.Equal(
            "{'a':[" + expected + "];'b':[];}",
            _echo.Call("points", Dict(
                (new StringValue("a"), new ListValue([new TupleValue([x, new IntValue(2)])])),
                (new StringValue("b"), new ListValue([])))));
    }

    [Fact]
    public void Invoke_DictOfEveryKeyType_KeepsOrder()
    {
        using var one = Fixture.Floats(1);
        using var two = Fixture.Floats(2);
        Assert.Equal("{'z':float32[1]:1.0;'a':float32[1]:2.0;}", _echo.Call("by_text", Dict((new StringValue("z"), one), (new StringValue("a"), two))));
        Assert.Equal("{5:'x';-1:'y';}", _echo.Call("by_integer", Dict((new IntValue(5), new StringValue("x")), (new IntValue(-1), new StringValue("y")))));
        Assert.Equal("{0.5:1;}", _echo.Call("by_float", Dict((new DoubleValue(0.5), new IntValue(1)))));
        Assert.Equal("{True:1;False:0;}", _echo.Call("by_boolean", Dict((new BoolValue(true), new IntValue(1)), (new BoolValue(false), new IntValue(0)))));
        Assert.Equal("{(1.0,1.0i):3;}", _echo.Call("by_complex", Dict((new ComplexValue(new Complex(1, 1)), new IntValue(3)))));
        Assert.Equal("{float32[1]:2.0:1;float32[1]:1.0:2;}", _echo.Call("by_tensor", Dict((two, new IntValue(1)), (one, new IntValue(2)))));
        foreach (var method in new[] { "by_text", "by_integer", "by_float", "by_boolean", "by_complex", "by_tensor", "points", "anything" })
            Assert.Equal("{}", _echo.Call(method, Dict()));
    }

    [Fact]
    public void Invoke_Union_TakesTheMemberThatFits()
    {
        using var tensor = Fixture.Floats(1);
        Assert.Equal("3", _echo.Call("union", new IntValue(3)));
        Assert.Equal("'s'", _echo.Call("union", new StringValue("s")));
        Assert.Equal("[1.0]", _echo.Call("union", new ListValue([new IntValue(1)])));
        Assert.Equal("{'k':float32[1]:1.0;}", _echo.Call("union", Dict((new StringValue("k"), tensor))));
    }

    [Fact]
    public void Invoke_Nested_IsKept()
    {
        var leaf = new ListValue([new IntValue(1), NoneValue.Instance]);
        var value = new ListValue([new ListValue([Dict((new StringValue("a"), leaf), (new StringValue("b"), new ListValue([])))]), new ListValue([])]);
        Assert.Equal("[[{'a':[1,None];'b':[];}],[]]", _echo.Call("nested", value));
    }

    [Fact]
    public void Invoke_AsDeepAsAllowed_IsKeptAndDeeperIsRefused()
    {
        Assert.Equal(new string('[', 256) + new string(']', 256), _echo.Call("anything", Nest(256)));
        var error = _echo.Fail("anything", Nest(257));
        Assert.Equal((TorchFailure.Arguments, "an argument nests deeper than 256 levels"), (error.Failure, error.Message));
    }

    internal static DictValue Dict(params (Value Key, Value Value)[] entries) =>
        new(entries.Select(entry => KeyValuePair.Create(entry.Key, entry.Value)).ToArray());

    private static Value Nest(int levels)
    {
        Value value = new ListValue([]);
        for (var i = 1; i < levels; i++)
            value = new ListValue([value]);
        return value;
    }

    private void AssertKeepsBits(DType dtype)
    {
        using var tensor = Tensor.Rent(dtype, [2, 3]);
        for (var i = 0; i < tensor.Bytes.Length; i++)
            tensor.Bytes[i] = dtype == DType.Bool ? (byte)(i & 1) : (byte)(i * 37 + 11);
        Assert.Equal(Show.Of(tensor), _echo.Call("forward", tensor));
    }

    public sealed class Echo : IDisposable
    {
        public ScriptModule Module { get; } = Fixture.Load("echo");

        public void Dispose() => Module.Dispose();
    }
}
