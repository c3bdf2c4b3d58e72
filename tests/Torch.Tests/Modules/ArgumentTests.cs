using Granary.Torch.Tests.Support;

namespace Granary.Torch.Tests.Modules;

/// <summary>How arguments find their parameters, and what is said when they do not.</summary>
public sealed class ArgumentTests : IDisposable
{
    private readonly ScriptModule _calls = Fixture.Load("calls");
    private readonly ScriptModule _echo = Fixture.Load("echo");
    private readonly Tensor _x = Fixture.Floats(1, 2);

    public void Dispose()
    {
        _calls.Dispose();
        _echo.Dispose();
        _x.Dispose();
    }

    [Fact]
    public void Invoke_LeftOut_TakesDefaults() =>
        Assert.Equal("(float32[2]:2.0 4.0,'it's (1, -0.5)')", _calls.Call("forward", _x));

    [Fact]
    public void Invoke_Named_AnyOrder() =>
        Assert.Equal("(float32[2]:4.0 7.0,'n (1, -0.5)')", Named("forward", new("name", new StringValue("n")), new("shift", new IntValue(1)), new("x", _x), new("scale", new IntValue(3))));

    [Fact]
    public void Invoke_PositionalThenNamed_Joins() =>
        Assert.Equal("float32[2]:3.0 6.0", Named("scaled", new(null, _x), new("by", new IntValue(3))));

    [Fact]
    public void Invoke_NoArguments_Works() => Assert.Equal("None", _calls.Call("none"));

    [Fact]
    public void Invoke_TooMany_IsRefused() => AssertRefused(
        "none() takes at most 0 arguments, got 1; its signature is none()",
        () => _calls.Call("none", _x));

    [Fact]
    public void Invoke_Missing_NamesAllOfThem() => AssertRefused(
        "needs() misses the argument 'b', 'c'; its signature is needs(a: Tensor, b: Dict[str, Tensor], c: int)",
        () => _calls.Call("needs", _x));

    [Fact]
    public void Invoke_UnknownName_IsRefused() => AssertRefused(
        "needs() has no argument 'z'; its signature is needs(a: Tensor, b: Dict[str, Tensor], c: int)",
        () => Named("needs", new Argument("z", _x)));

    [Fact]
    public void Invoke_GivenTwice_IsRefused() => AssertRefused(
        "needs() was given the argument 'a' twice; its signature is needs(a: Tensor, b: Dict[str, Tensor], c: int)",
        () => Named("needs", new(null, _x), new("a", _x)));

    [Fact]
    public void Invoke_UnknownMethod_NamesTheKnown()
    {
        var error = _calls.Fail("nope");
        Assert.Equal(TorchFailure.NoMethod, error.Failure);
        Assert.StartsWith("the model has no method 'nope'; it has ", error.Message, StringComparison.Ordinal);
        foreach (var method in _calls.Methods)
            Assert.Contains(method.Name, error.Message, StringComparison.Ordinal);
    }

    public static TheoryData<string, Value, string> Misfits => new()
    {
        { "forward", new DoubleValue(1), "argument 'x': expected Tensor, got float" },
        { "forward", new ListValue([]), "argument 'x': expected Tensor, got List" },
        { "forward", NoneValue.Instance, "argument 'x': expected Tensor, got None" },
        { "integer", new DoubleValue(1), "argument 'x': expected int, got float" },
        { "integer", new BoolValue(true), "argument 'x': expected int, got bool" },
        { "floating", new BoolValue(true), "argument 'x': expected float, got bool" },
        { "floating", new StringValue("1"), "argument 'x': expected float, got str" },
        { "boolean", new IntValue(1), "argument 'x': expected bool, got int" },
        { "text", new IntValue(1), "argument 'x': expected str, got int" },
        { "nothing", new IntValue(1), "argument 'x': expected None, got int" },
        { "number", new StringValue("1"), "argument 'x': expected number, got str" },
        { "optional_integer", new StringValue("1"), "argument 'x': expected int, got str" },
        { "integers", new IntValue(1), "argument 'x': expected List[int], got int" },
        { "integers", new ListValue([new IntValue(1), new DoubleValue(2)]), "argument 'x[1]': expected int, got float" },
        { "pair", new TupleValue([new IntValue(1)]), "argument 'x': expected Tuple[int, str] of 2 elements, got 1" },
        { "pair", new TupleValue([new IntValue(1), new IntValue(1)]), "argument 'x[1]': expected str, got int" },
        { "pair", RoundTripTests.Dict(), "argument 'x': expected Tuple[int, str], got Dict" },
        { "by_text", new ListValue([]), "argument 'x': expected Dict[str, Tensor], got List" },
        { "by_text", RoundTripTests.Dict((new StringValue("k"), new IntValue(1))), "argument 'x['k']': expected Tensor, got int" },
        { "by_text", RoundTripTests.Dict((new IntValue(1), new IntValue(1))), "argument 'x.keys()[0]': expected str, got int" },
        { "by_integer", RoundTripTests.Dict((new IntValue(7), new IntValue(1))), "argument 'x[7]': expected str, got int" },
        { "union", new BoolValue(true), "argument 'x': expected Union[List[float], Dict[str, Tensor], int, str], got bool" },
        { "union", new ListValue([new StringValue("a")]), "argument 'x': expected Union[List[float], Dict[str, Tensor], int, str], got List" },
        { "point", RoundTripTests.Dict((new StringValue("z"), new IntValue(1))), "argument 'x': Point has no field 'z'" },
        { "point", RoundTripTests.Dict((new StringValue("y"), new IntValue(1))), "argument 'x': Point needs the field 'x'" },
        { "point", RoundTripTests.Dict((new IntValue(1), new IntValue(1))), "argument 'x.keys()[0]': expected str, got int" },
        { "point", new TupleValue([new IntValue(1), new IntValue(1)]), "argument 'x.x': expected Tensor, got int" },
        { "points", RoundTripTests.Dict((new StringValue("k"), new ListValue([new TupleValue([new IntValue(1), new IntValue(1)])]))), "argument 'x['k'][0].x': expected Tensor, got int" },
        { "anything", RoundTripTests.Dict((new IntValue(1), new IntValue(1)), (new StringValue("k"), new IntValue(1))), "argument 'x': the keys of a dictionary must be of one type" },
        { "anything", RoundTripTests.Dict((new ListValue([]), new IntValue(1))), "argument 'x.keys()[0]': expected str, int, float, bool, complex or Tensor, got List[Any]" },
    };

    [Theory]
    [MemberData(nameof(Misfits))]
    public void Invoke_Misfit_NamesThePathAndBothTypes(string method, Value value, string message) =>
        AssertRefused(message, () => _echo.Call(method, value));

    [Theory]
    [InlineData("device", "argument 'x': the type Device cannot be passed to a model from outside")]
    [InlineData("custom", "argument 'x': the type Pair cannot be passed to a model from outside")]
    public void Invoke_TypeThatCannotCross_IsUnsupported(string method, string message)
    {
        var error = _echo.Fail(method, new StringValue("cpu"));
        Assert.Equal((TorchFailure.Unsupported, message), (error.Failure, error.Message));
    }

    [Fact]
    public void Invoke_NullReferences_AreRefused()
    {
        AssertRefused("an argument is a null reference; TorchScript's None is NoneValue.Instance", () => _echo.Call("forward", [null!]));
        AssertRefused("an argument is a null reference; TorchScript's None is NoneValue.Instance", () => _echo.Call("tensors", new ListValue([null!])));
    }

    [Fact]
    public void Invoke_NamesAndItemsDisagree_IsRefused() => AssertRefused(
        "a NamedTuple has 1 names for 2 values",
        () => _echo.Call("point", new TupleValue([_x, new IntValue(1)], "Point", ["x"])));

    private static void AssertRefused(string message, Func<string> call)
    {
        var error = Assert.Throws<TorchException>(call);
        Assert.Equal((TorchFailure.Arguments, message), (error.Failure, error.Message));
    }

    private string Named(string method, params Argument[] arguments)
    {
        using var result = _calls.Invoke(method, arguments);
        return Show.Of(result.Value);
    }
}
