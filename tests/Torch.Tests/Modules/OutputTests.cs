using Granary.Torch.Tests.Support;

namespace Granary.Torch.Tests.Modules;

/// <summary>Results that share memory, have strides, raise or cannot leave.</summary>
public sealed class OutputTests : IDisposable
{
    private readonly ScriptModule _outputs = Fixture.Load("outputs");
    private readonly Tensor _x = Fixture.Floats(1, 2, 3);

    public void Dispose()
    {
        _outputs.Dispose();
        _x.Dispose();
    }

    [Theory]
    [InlineData("forward", "float32[3]:1.0 2.0 3.0")]
    [InlineData("view", "float32[2]:2.0 3.0")]
    public void Invoke_ReturnsItsInput_IsACopy(string method, string expected)
    {
        using var result = _outputs.Invoke(method, [new(null, _x)]);
        _x.As<float>().Clear();
        Assert.Equal(expected, Show.Of(result.Value));
    }

    [Fact]
    public void Invoke_ReturnsOneTensorTwiceAndItsInput_AllAreReadable()
    {
        using var result = _outputs.Invoke("twice", [new(null, _x)]);
        _x.As<float>().Clear();
        Assert.Equal("(float32[3]:2.0 4.0 6.0,float32[3]:2.0 4.0 6.0,[float32[3]:1.0 2.0 3.0,float32[]:2.0])", Show.Of(result.Value));
    }

    [Fact]
    public void Invoke_ReturnsAParameter_WritingToItLeavesTheModelAlone()
    {
        using (var result = _outputs.Invoke("parameter", []))
            ((Tensor)result.Value).As<float>().Clear();
        Assert.Equal("float32[3]:1.0 2.0 3.0", _outputs.Call("parameter"));
    }

    [Fact]
    public void Invoke_WritesToItsInput_LeavesTheCallersMemoryAlone()
    {
        Assert.Equal("float32[3]:2.0 3.0 4.0", _outputs.Call("in_place", _x));
        Assert.Equal("float32[3]:10.0 20.0 30.0", _outputs.Call("in_place_inside", RoundTripTests.Dict((new StringValue("k"), new ListValue([_x])))));
        Assert.Equal("float32[3]:1.0 2.0 3.0", Show.Of(_x));
    }

    [Fact]
    public void Invoke_Strided_IsContiguous()
    {
        using var matrix = Fixture.Floats([2, 3], 1, 2, 3, 4, 5, 6);
        Assert.Equal("float32[3,2]:1.0 4.0 2.0 5.0 3.0 6.0", _outputs.Call("transposed", matrix));
        Assert.Equal("float32[1,3]:1.0 2.0 3.0", _outputs.Call("strided", matrix));
        Assert.Equal("float32[3,3]:1.0 2.0 3.0 1.0 2.0 3.0 1.0 2.0 3.0", _outputs.Call("expanded", _x));
        using var image = Fixture.Floats([1, 2, 1, 2], 1, 2, 3, 4);
        Assert.Equal("float32[1,2,1,2]:1.0 2.0 3.0 4.0", _outputs.Call("channels_last", image));
    }

    [Fact]
    public void Invoke_LazyConjugate_IsResolved()
    {
        using var complex = Tensor.From<double>(DType.Complex128, [1], [1, 2]);
        using (var result = _outputs.Invoke("conjugate", [new(null, complex)]))
            Assert.Equal([1, -2], System.Runtime.InteropServices.MemoryMarshal.Cast<byte, double>(((Tensor)result.Value).Bytes).ToArray());
        Assert.Equal("float64[1]:-2.0", _outputs.Call("imaginary", complex));
    }

    [Fact]
    public void Invoke_KeepsItsInput_OwnsItAfterTheCall()
    {
        using var module = Fixture.Load("stateful");
        var first = Fixture.Floats(1, 2, 3);
        Assert.Equal("float32[1]:0.0", module.Call("forward", first));
        first.As<float>().Clear();
        first.Dispose();
        Assert.Equal("float32[3]:1.0 2.0 3.0", module.Call("forward", _x));
    }

    [Fact]
    public void Invoke_State_SurvivesFreezingAndResultsAreSnapshots()
    {
        using var module = Fixture.Load("stateful");
        module.Call("forward", _x);
        using var one = module.Invoke("counted", []);
        module.Call("forward", _x);
        Assert.Equal("int64[1]:1", Show.Of(one.Value));
        Assert.Equal("int64[1]:2", module.Call("counted"));
    }

    [Fact]
    public void Invoke_Forks_Joins()
    {
        using var zero = Fixture.Floats(0);
        Assert.Equal("float32[1]:1.0", _outputs.Call("forked", zero));
    }

    [Theory]
    [InlineData(1, "ValueError: the rows must be positive (in fail, line 0: raise ValueError(\"the rows must be positive\"))")]
    [InlineData(2, "size mismatch, got input (3), mat (3x1), vec (3) | mat1 and mat2 shapes cannot be multiplied (1x4 and 3x1) (in fail, line 0: return torch.matmul(x, self.weight.reshape(3, 1)))")]
    [InlineData(3, "AssertionError: too few elements (in fail, line 0: assert x.numel() > 1000, \"too few elements\")")]
    [InlineData(5, "index 100 is out of bounds | select(): index 100 out of range for tensor of size [1, 4] at dimension 0 (in fail, line 0: return x[100])")]
    public void Invoke_ModelRaises_SaysWhatAndWhereInOneLine(int how, string expected)
    {
        using var row = Fixture.Floats([1, 4], 1, 2, 3, 4);
        var error = _outputs.Fail("fail", row, new IntValue(how));
        Assert.Equal(TorchFailure.Model, error.Failure);
        var message = System.Text.RegularExpressions.Regex.Replace(error.Message, "line [0-9]+", "line 0");
        Assert.Equal(expected.Split(" | ")[^1], message);
    }

    [Fact]
    public void Invoke_AllocatesTooMuch_IsOutOfMemory()
    {
        var error = _outputs.Fail("fail", _x, new IntValue(4));
        Assert.Equal(TorchFailure.OutOfMemory, error.Failure);
        Assert.StartsWith("DefaultCPUAllocator: can't allocate memory: you tried to allocate 281474976710656 bytes.", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("sparse", "the result holds a sparse tensor; return to_dense()")]
    [InlineData("quantised", "the result holds a quantised tensor; return dequantize()")]
    [InlineData("meta", "the result holds a tensor without data (device meta)")]
    [InlineData("where", "the result holds a value of type Device, which cannot leave a model; return tensors, numbers, strings, lists, tuples or dictionaries")]
    public void Invoke_ResultThatCannotLeave_IsUnsupported(string method, string message)
    {
        var error = _outputs.Fail(method, _x);
        Assert.Equal((TorchFailure.Unsupported, message), (error.Failure, error.Message));
    }

    [Fact]
    public void Invoke_ReturnsACustomObject_IsUnsupported()
    {
        var error = _outputs.Fail("custom");
        Assert.Equal(TorchFailure.Unsupported, error.Failure);
        Assert.StartsWith("the result holds a value of type Pair,", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Invoke_DeepResult_IsRefusedBeyondTheLimit()
    {
        Assert.Equal(new string('[', 257) + new string(']', 257), _outputs.Call("deep", new IntValue(256)));
        var error = _outputs.Fail("deep", new IntValue(257));
        Assert.Equal((TorchFailure.Unsupported, "the result holds values that nest deeper than 256 levels"), (error.Failure, error.Message));
    }

    [Fact]
    public void Dispose_ResultTwiceAndAfterTheModule_IsHarmless()
    {
        ForwardResult result;
        using (var module = Fixture.Load("outputs"))
            result = module.Invoke("parameter", []);
        Assert.Equal("float32[3]:1.0 2.0 3.0", Show.Of(result.Value));
        result.Dispose();
        result.Dispose();
    }
}
