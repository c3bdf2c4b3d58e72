using Granary.Serving.Formats;
using Granary.Serving.Formats.Pickles;
using Granary.Serving.Tests.Support;
using Granary.Torch;

namespace Granary.Serving.Tests.Formats.Pickles;

public sealed class PickledModelReaderTests : IDisposable
{
    private readonly TempDirectory _directory = new();

    private PickledModel Read(PickleWriter pickle) => Read(pickle.File());

    private PickledModel Read(byte[] file)
    {
        var path = Path.Combine(_directory.Path, "model.torch");
        File.WriteAllBytes(path, file);
        return PickledModelReader.Read(path, ArchiveKind.PickledModule, "m");
    }

    private string Refusal(PickleWriter pickle) => Raises.Serving(ServingError.Unsupported, () => Read(pickle).Dispose());

    [Fact]
    public void Read_Linear_HasItsTensorsAndItsSource()
    {
        using var model = Read(new PickleWriter().Linear());

        Assert.Equal("Linear", model.Blueprint.Name);
        Assert.Equal("def forward(self, x: Tensor) -> Tensor:\n    return torch.linear(x, self.weight, self.bias)\n", model.Blueprint.Source);
        Assert.Equal(["weight", "bias"], model.Blueprint.Parameters.Select(parameter => parameter.Key));
        Assert.Equal([2, 4], model.Blueprint.Parameters[0].Value.Shape.ToArray());
    }

    [Fact]
    public void Read_TensorsInOneStorage_ShareItsMemory()
    {
        var shared = new PickleWriter().Module("torch.nn.modules.linear", "Linear", parameters => parameters
            .Text("weight").Tensor("0", 8, 0, [1, 4], [4, 1])
            .Text("bias").Tensor("0", 8, 7, [1], [1]));
        using var model = Read(shared);

        var parameters = model.Blueprint.Parameters;
        Assert.Equal(7 * sizeof(double), parameters[1].Value.Data - parameters[0].Value.Data);
        using var module = ScriptModule.Build(model.Blueprint, new ModuleOptions());
        Assert.Equal(64, module.ParameterBytes);
    }

    [Fact]
    public void Read_ScalarAndEmptyTensors_HaveTheirShapes()
    {
        using var model = Read(new PickleWriter().Module("torch.nn.modules.linear", "Linear", parameters => parameters
            .Text("weight").Tensor("0", 8, 3, [], [])
            .Text("bias").Tensor("0", 8, 5, [0, 3], [3, 1])));

        Assert.Equal([1L, 0L], model.Blueprint.Parameters.Select(parameter => parameter.Value.ElementCount));
        Assert.Equal(0, model.Blueprint.Parameters[0].Value.Shape.Length);
    }

    [Theory]
    [InlineData("FloatStorage", DType.Float32)]
    [InlineData("DoubleStorage", DType.Float64)]
    [InlineData("HalfStorage", DType.Float16)]
    [InlineData("BFloat16Storage", DType.BFloat16)]
    [InlineData("LongStorage", DType.Int64)]
    [InlineData("IntStorage", DType.Int32)]
    [InlineData("ShortStorage", DType.Int16)]
    [InlineData("CharStorage", DType.Int8)]
    [InlineData("ByteStorage", DType.UInt8)]
    [InlineData("BoolStorage", DType.Bool)]
    [InlineData("ComplexFloatStorage", DType.Complex64)]
    [InlineData("ComplexDoubleStorage", DType.Complex128)]
    public void Read_EveryStorage_HasItsDType(string storage, DType dtype)
    {
        using var model = Read(new PickleWriter().Module("torch.nn.modules.linear", "Linear", parameters => parameters
            .Text("weight").Call("torch._utils", "_rebuild_tensor_v2", call => call.Storage("0", 4, storage).Int(0).Numbers(2, 2).Numbers(1, 2).Raw(0x89).Op("}"))));

        Assert.Equal(dtype, Assert.Single(model.Blueprint.Parameters).Value.DType);
    }

    [Fact]
    public void Read_NewStoragesOfBytes_TakeTheDTypeOfTheTensor()
    {
        using var model = Read(new PickleWriter().Module("torch.nn.modules.linear", "Linear", parameters => parameters
            .Text("weight").Call("torch._utils", "_rebuild_tensor_v3", call => call
                .Tuple(id => id.Text("storage").Global("torch.storage", "UntypedStorage").Text("0").Text("cpu").Int(64)).Op("Q")
                .Int(1).Numbers(3).Numbers(2).Raw(0x89).Op("}").Global("torch", "uint16"))));

        var weight = Assert.Single(model.Blueprint.Parameters).Value;
        Assert.Equal(DType.UInt16, weight.DType);
        Assert.Equal([3], weight.Shape.ToArray());
    }

    [Fact]
    public void Read_NoModule_SaysWhatItIs()
    {
        Assert.Equal(
            "'m' holds only weights (a state_dict), not the model's code; build the model in Python, load them into it, then convert it in Python with torch.jit.script(model).save('model.pt') and serve that file",
            Refusal(new PickleWriter().Op("}(").Text("weight").Tensor("0", 8, 0, [8], [1]).Op("u")));
        Assert.StartsWith("'m' holds a tensor, not a model;", Refusal(new PickleWriter().Tensor("0", 8, 0, [8], [1])));
        Assert.StartsWith("'m' holds a dictionary, not a model;", Refusal(new PickleWriter().Op("}(").Text("model").Linear().Op("u")));
        Assert.StartsWith("'m' holds a tuple, not a model;", Refusal(new PickleWriter().Numbers(1, 2)));
        Assert.StartsWith("'m' holds None, not a model;", Refusal(new PickleWriter().Op("N")));
    }

    [Fact]
    public void Read_AttributesOfAllKinds_AreTolerated()
    {
        using var model = Read(new PickleWriter().Linear(attributes: more => more
            .Text("config").Global("my.code", "Config").Op(")").Raw(0x81).Op("}b")
            .Text("function").Global("my.code", "function")
            .Text("scalar").Call("numpy.core.multiarray", "scalar", call => call.Call("numpy", "dtype", type => type.Text("f8").Raw(0x89, 0x88)).Call("_codecs", "encode", bytes => bytes.Text("\0\0\0\0\0\0\0\0").Text("latin1")))
            .Text("tensors").Op("](").Tensor("0", 8, 0, [8], [1]).Op("e")
            .Text("set").Call("__builtin__", "set", call => call.Op("]"))
            .Text("dictionary").Op("}(").Int(3).Op("]").Numbers(1, 2).Op("Nu")));

        Assert.Empty(model.Blueprint.Attributes);
    }

    [Fact]
    public void Read_NameAndShapeOfConversionHelp_AreOneLine()
    {
        var message = Refusal(new PickleWriter().Module("my.layers", "Magic\u202e"));
        Assert.Equal(
            "'m' cannot be read without Python: the model (my.layers.Magic?) is of a class whose code is not in the file and that this server does not know; convert it in Python with torch.jit.script(model).save('model.pt') and serve that file",
            message);
    }

    public void Dispose() => _directory.Dispose();
}
