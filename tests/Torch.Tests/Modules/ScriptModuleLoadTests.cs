using Granary.Torch.Tests.Support;

namespace Granary.Torch.Tests.Modules;

public sealed class ScriptModuleLoadTests
{
    [Fact]
    public void Load_Cpu_TellsDeviceAndBytesOfSharedStoragesOnce()
    {
        using var module = Fixture.Load("linear8");
        Assert.Equal("cpu", module.Device);
        // weight (shared by a buffer) 8 × 8 bytes, bias 8 bytes.
        Assert.Equal(72, module.ParameterBytes);
    }

    [Theory]
    [InlineData("linear8", "float64[1,1]:26.0")]
    [InlineData("frozen", "float64[1,1]:26.0")]
    public void Load_AlreadyFrozenOrNot_Computes(string name, string expected)
    {
        using var module = Fixture.Load(name);
        using var row = Fixture.Doubles([1, 8], 1, 2, 3, 4, 5, 6, 7, 8);
        Assert.Equal(expected, module.Call("forward", row));
        Assert.Equal(72, module.ParameterBytes);
    }

    [Fact]
    public void Load_BFloat16Parameters_AreRead()
    {
        using var module = Fixture.Load("bfloat16");
        Assert.Equal(34, module.ParameterBytes);
        using var row = Tensor.From<ushort>(DType.BFloat16, [1, 8], [0x3F80, 0, 0, 0, 0, 0, 0, 0]);
        // 1/8 + 1/2 = 0.625 = 0x3F20.
        Assert.Equal("bfloat16[1,1]:203F", module.Call("forward", row));
    }

    [Fact]
    public void Load_NoForward_RunsItsOtherMethods()
    {
        using var module = Fixture.Load("only_named");
        using var input = Fixture.Floats(2, 3);
        Assert.Equal("float32[2]:6.0 9.0", module.Call("encode", input));
        var error = module.Fail("forward", input);
        Assert.Equal(TorchFailure.NoMethod, error.Failure);
        Assert.Equal("the model has no method 'forward'; it has encode", error.Message);
    }

    [Fact]
    public void Load_OptimiseForInference_StaysClose()
    {
        using var plain = Fixture.Load("conv_bn");
        using var optimised = ScriptModule.Load(Fixture.PathOf("conv_bn"), new ModuleOptions { Optimize = true });
        using var image = Tensor.Rent(DType.Float32, [2, 1, 8, 8]);
        var random = new Random(1);
        foreach (ref var pixel in image.As<float>())
            pixel = random.NextSingle();
        using var expected = plain.Invoke("forward", [new(null, image)]);
        // libtorch 2.6's fuser, were it on, would start to compile on the second call.
        Assert.Equal(optimised.Call("forward", image), optimised.Call("forward", image));
        using var actual = optimised.Invoke("forward", [new(null, image)]);
        var left = ((Tensor)expected.Value).As<float>();
        var right = ((Tensor)actual.Value).As<float>();
        Assert.Equal(6, left.Length);
        for (var i = 0; i < left.Length; i++)
            Assert.Equal(left[i], right[i], 1e-5f);
    }

    [Theory]
    [InlineData("missing_operator", "the model needs the operator aten::granary_missing, which libtorch ")]
    [InlineData("missing_dtype", "the model needs torch.GranaryStorage, which libtorch ")]
    [InlineData("missing_class", "the model needs the type __torch__.torch.classes.granary.Missing, which libtorch ")]
    [InlineData("missing_version", "the model's file format is too new for libtorch ")]
    public void Load_MadeForANewerLibtorch_NamesWhatIsMissingAndTheWayOut(string name, string start)
    {
        var error = Assert.Throws<TorchException>(() => Fixture.Load(name));
        Assert.Equal(TorchFailure.MissingOperator, error.Failure);
        Assert.StartsWith(start + TorchRuntime.Version, error.Message, StringComparison.Ordinal);
        Assert.EndsWith("run Granary with a newer libtorch (LIBTORCH=<directory of a libtorch>)", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_PlainModelOfPyTorch26_RunsOnEveryLibtorch()
    {
        using var module = Fixture.Load("newer_plain");
        using var x = Fixture.Floats([1, 1, 5], 1, 2, 3, 4, 5);
        using var extra = Fixture.Floats([1], 0.5f);
        using var result = module.Invoke("forward", [new(null, x), new(null, RoundTripTests.Dict((new StringValue("k"), new ListValue([extra]))))]);
        var items = Assert.IsType<TupleValue>(result.Value).Items;
        Assert.Equal([1, 3, 2], Assert.IsType<Tensor>(items[0]).Shape.ToArray());
        Assert.Equal(6, Assert.IsType<IntValue>(items[1]).Number);
    }

    /// <summary>Files of PyTorch 2.6; see Fixtures/make_newer.py. Since: first libtorch that has it, 201 for 2.1.</summary>
    [Theory]
    [InlineData("newer_attention", 200, "the operator aten::scaled_dot_product_attention")]
    [InlineData("newer_rms_norm", 204, "the operator aten::rms_norm")]
    [InlineData("newer_uint16", 203, "torch.UInt16Storage")]
    [InlineData("newer_float8", 201, "torch.Float8_e5m2Storage")]
    public void Load_NewsOfPyTorch26_RunsOrNamesWhatIsMissing(string name, int since, string missing)
    {
        if (Fixture.LibtorchNumber >= since)
        {
            using var module = Fixture.Load(name);
            Assert.Equal("forward", Assert.Single(module.Methods).Name);
            return;
        }

        var error = Assert.Throws<TorchException>(() => Fixture.Load(name));
        Assert.Equal(
            (TorchFailure.MissingOperator, $"the model needs {missing}, which libtorch {TorchRuntime.Version} does not have; run Granary with a newer libtorch (LIBTORCH=<directory of a libtorch>)"),
            (error.Failure, error.Message));
    }

    [Theory]
    [InlineData("not_a_model", "the file is no TorchScript archive, or it is truncated")]
    [InlineData("legacy", "the file is no TorchScript archive, or it is truncated")]
    [InlineData("state_dict", "the archive holds no TorchScript module: save one with torch.jit.save(torch.jit.script(model), file)")]
    public void Load_NoTorchScript_SaysSo(string name, string message)
    {
        var error = Assert.Throws<TorchException>(() => Fixture.Load(name));
        Assert.Equal((TorchFailure.Load, message), (error.Failure, error.Message));
    }

    [Fact]
    public void Load_NoFile_NamesTheFileWithoutItsFolder()
    {
        var error = Assert.Throws<TorchException>(() => ScriptModule.Load("/some/where/model.pt", new ModuleOptions()));
        Assert.Equal((TorchFailure.Load, "there is no file 'model.pt'"), (error.Failure, error.Message));
    }

    [Fact]
    public void Load_EveryTruncation_FailsCleanly()
    {
        var whole = File.ReadAllBytes(Fixture.PathOf("linear8"));
        var path = Fixture.TempFile("cut.pt");
        for (var length = 0; length < whole.Length; length += 37)
        {
            File.WriteAllBytes(path, whole.AsSpan(0, length));
            var error = Assert.Throws<TorchException>(() => ScriptModule.Load(path, new ModuleOptions()));
            Assert.Equal(TorchFailure.Load, error.Failure);
            Assert.DoesNotContain(path, error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Load_EveryDamagedByte_FailsCleanlyOrLoads()
    {
        var whole = File.ReadAllBytes(Fixture.PathOf("linear8"));
        var path = Fixture.TempFile("damaged.pt");
        var before = TorchRuntime.LiveObjects;
        for (var at = 0; at < whole.Length; at += 11)
        {
            var damaged = whole.ToArray();
            damaged[at] ^= 0x55;
            File.WriteAllBytes(path, damaged);
            try
            {
                ScriptModule.Load(path, new ModuleOptions()).Dispose();
            }
            catch (TorchException error)
            {
                Assert.Contains(error.Failure, new[] { TorchFailure.Load, TorchFailure.MissingOperator });
                Assert.DoesNotContain(path, error.Message, StringComparison.Ordinal);
                Assert.DoesNotContain("Exception raised from", error.Message, StringComparison.Ordinal);
            }
        }

        Assert.Equal(before, TorchRuntime.LiveObjects);
    }

    [Theory]
    [InlineData("cuda:0", "device 'cuda:0' is not there: libtorch ")]
    [InlineData("cuda", "device 'cuda' is not there: libtorch ")]
    public void Load_CudaWithoutCuda_SaysSo(string device, string start)
    {
        if (TorchRuntime.CudaDeviceCount > 0)
            return;
        var error = Assert.Throws<TorchException>(() => ScriptModule.Load(Fixture.PathOf("linear8"), new ModuleOptions { Device = device }));
        Assert.Equal(TorchFailure.Load, error.Failure);
        Assert.StartsWith(start, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("tpu")]
    [InlineData("cuda:x")]
    [InlineData("meta")]
    [InlineData("")]
    public void Load_UnknownDevice_NamesWhatIsAllowed(string device)
    {
        var error = Assert.Throws<TorchException>(() => ScriptModule.Load(Fixture.PathOf("linear8"), new ModuleOptions { Device = device }));
        Assert.Equal((TorchFailure.Load, $"device '{device}' is not supported; use cpu or cuda:N"), (error.Failure, error.Message));
    }

    [Fact]
    public void Dispose_Twice_IsHarmlessAndLaterCallsThrow()
    {
        var module = Fixture.Load("linear8");
        module.Dispose();
        module.Dispose();
        using var row = Fixture.Doubles([1, 8], 1, 2, 3, 4, 5, 6, 7, 8);
        Assert.Throws<ObjectDisposedException>(() => module.Call("forward", row));
    }
}
