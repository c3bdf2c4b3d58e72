using Granary.Torch.Tests.Support;

namespace Granary.Torch.Tests.Modules;

public sealed class ScriptModuleBuildTests
{
    private static readonly ModuleOptions Options = new();

    private static KeyValuePair<string, T> Named<T>(string name, T value) => new(name, value);

    private static ModuleBlueprint Linear(Tensor weight, Tensor bias) => new()
    {
        Name = "Linear",
        Parameters = [Named("weight", weight), Named("bias", bias)],
        Source = "def forward(self, x: Tensor) -> Tensor:\n    return torch.linear(x, self.weight, self.bias)\n",
    };

    [Fact]
    public void Build_Parameters_ComputesAndDescribesItself()
    {
        using var weight = Fixture.Doubles([2, 3], 1, 2, 3, 4, 5, 6);
        using var bias = Fixture.Doubles([2], 10, 20);
        using var module = ScriptModule.Build(Linear(weight, bias), Options);
        weight.As<double>().Clear();

        using var x = Fixture.Doubles([1, 3], 1, 1, 1);
        Assert.Equal("float64[1,2]:16.0 35.0", module.Call("forward", x));
        Assert.Equal(("cpu", 64), (module.Device, module.ParameterBytes));
        var method = Assert.Single(module.Methods);
        Assert.Equal(("forward", "Tensor"), (method.Name, method.ReturnType));
        Assert.Equal(new ArgumentSchema("x", "Tensor", false, null), Assert.Single(method.Arguments));
    }

    [Fact]
    public void Build_ChildrenAttributesAndMethods_AllSurviveFreezing()
    {
        using var weight = Fixture.Doubles([1, 1], 2);
        using var bias = Fixture.Doubles([1], 1);
        var shared = Linear(weight, bias);
        var root = new ModuleBlueprint
        {
            Name = "Root",
            Modules = [Named("first", shared), Named("m1", shared)],
            Attributes =
            [
                Named<Value>("count", new IntValue(3)),
                Named<Value>("scale", new DoubleValue(0.5)),
                Named<Value>("flag", new BoolValue(true)),
                Named<Value>("word", new StringValue("it's \"ready\"\n")),
                Named<Value>("sizes", new ListValue([new IntValue(4), new IntValue(5)])),
                Named<Value>("none", new ListValue([])),
                Named<Value>("rates", new ListValue([new DoubleValue(0.25)])),
                Named<Value>("words", new ListValue([new StringValue("a"), new StringValue("b")])),
            ],
            Source = """
                def forward(self, x: Tensor) -> Tensor:
                    return self.m1.forward(self.first.forward(x)) * self.scale
                def plain(self) -> Tuple[int, float, bool, str, List[int], List[int], List[float], List[str]]:
                    return self.count, self.scale, self.flag, self.word, self.sizes, self.none, self.rates, self.words
                def twice(self, x: Tensor, times: int = 2) -> Tensor:
                    for _ in range(times):
                        x = self.forward(x)
                    return x
                """,
        };
        using var module = ScriptModule.Build(root, Options);

        using var x = Fixture.Doubles([1, 1], 1);
        Assert.Equal("float64[1,1]:3.5", module.Call("forward", x));
        Assert.Equal("float64[1,1]:8.5", module.Call("twice", x));
        Assert.Equal("(3,0.5,True,'it's \"ready\"\n',[4,5],[],[0.25],['a','b'])", module.Call("plain"));
        Assert.Equal(["forward", "plain", "twice"], module.Methods.Select(method => method.Name).Order());
        Assert.Equal(16, module.ParameterBytes);
    }

    [Fact]
    public void Build_WeightMemory_IsKeptAfterItWasGivenBack()
    {
        var before = TorchRuntime.LiveObjects;
        var memory = WeightMemory.Allocate(4 * 8);
        Assert.Equal(before.Storages + 1, TorchRuntime.LiveObjects.Storages);
        System.Runtime.InteropServices.MemoryMarshal.AsBytes<double>([9, 2, 3, 0.5]).CopyTo(memory.Slice(0, 32));
        var module = ScriptModule.Build(Linear(memory.View(DType.Float64, [1, 2], 8), memory.View(DType.Float64, [1], 24)), Options);
        // Written after the module was built: the module has no copy of its own.
        memory.Slice(24, 8).Clear();
        memory.Dispose();
        memory.Dispose();

        using var x = Fixture.Doubles([1, 2], 1, 10);
        Assert.Equal("float64[1,1]:32.0", module.Call("forward", x));
        Assert.Equal(32, module.ParameterBytes);
        module.Dispose();
        Assert.Equal(before, TorchRuntime.LiveObjects);
        Assert.Throws<ObjectDisposedException>(() => memory.View(DType.Float64, [1], 0));
    }

    [Fact]
    public void Allocate_ViewsOutside_AreRefused()
    {
        using var memory = WeightMemory.Allocate(10);
        using var empty = WeightMemory.Allocate(0);
        Assert.Equal(0, empty.View(DType.Float32, [0, 3], 0).ElementCount);
        Assert.Throws<ArgumentOutOfRangeException>(() => memory.View(DType.Float32, [3], 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => memory.View(DType.Float32, [1], 7));
        Assert.Throws<ArgumentOutOfRangeException>(() => memory.View(DType.Float32, [1], -1));
        Assert.Throws<OverflowException>(() => memory.View(DType.Float32, [long.MaxValue], 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => memory.Slice(9, 2).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => memory.Slice(long.MaxValue, 2).Length);
        Assert.Throws<TorchException>(() => WeightMemory.Allocate(1L << 60));
    }

    [Theory]
    [InlineData("def forward(self, x: Tensor) -> Tensor:\n    return x +\n")]
    [InlineData("def forward(self, x: Tensor) -> Tensor:\n    return self.missing\n")]
    [InlineData("def forward(self, x: Tensor) -> str:\n    return x\n")]
    public void Build_WrongSource_FailsAndLeavesNothing(string source)
    {
        var before = TorchRuntime.LiveObjects;
        var error = Assert.Throws<TorchException>(() => ScriptModule.Build(new ModuleBlueprint { Name = "Wrong", Source = source }, Options));
        Assert.Equal(TorchFailure.Load, error.Failure);
        Assert.DoesNotContain("Exception raised from", error.Message, StringComparison.Ordinal);
        Assert.Equal(before, TorchRuntime.LiveObjects);
    }

    [Theory]
    [InlineData("")]
    [InlineData("0")]
    [InlineData("a.b")]
    [InlineData("a b")]
    [InlineData("a\n")]
    [InlineData("é")]
    public void Build_NameThatIsNoIdentifier_Refused(string name)
    {
        using var x = Fixture.Doubles([1], 1);
        const string source = "def forward(self) -> int:\n    return 1\n";
        foreach (var blueprint in new[]
        {
            new ModuleBlueprint { Name = name, Source = source },
            new ModuleBlueprint { Name = "A", Source = source, Parameters = [Named(name, x)] },
            new ModuleBlueprint { Name = "A", Source = source, Buffers = [Named(name, x)] },
            new ModuleBlueprint { Name = "A", Source = source, Attributes = [Named<Value>(name, new IntValue(1))] },
            new ModuleBlueprint { Name = "A", Source = source, Modules = [Named(name, new ModuleBlueprint { Name = "B", Source = source })] },
        })
        {
            var error = Assert.Throws<TorchException>(() => ScriptModule.Build(blueprint, Options));
            Assert.Equal((TorchFailure.Load, $"the blueprint cannot be built: '{name}' is no name for a part of a module"), (error.Failure, error.Message));
        }
    }

    [Fact]
    public void Build_NameTwiceOrEndlessNesting_Refused()
    {
        using var x = Fixture.Doubles([1], 1);
        var twice = new ModuleBlueprint { Name = "A", Source = "", Parameters = [Named("a", x)], Buffers = [Named("a", x)] };
        Assert.Contains("'a' stands for two things", Assert.Throws<TorchException>(() => ScriptModule.Build(twice, Options)).Message);
        var children = new List<KeyValuePair<string, ModuleBlueprint>>();
        var circle = new ModuleBlueprint { Name = "Circle", Source = "", Modules = children };
        children.Add(Named("self_again", circle));
        Assert.Contains("'Circle' is inside itself", Assert.Throws<TorchException>(() => ScriptModule.Build(circle, Options)).Message);
    }

    [Fact]
    public void Build_UnknownDeviceOrDType_SaysSo()
    {
        using var weight = Tensor.From<byte>(DType.Float8E5M2, [1], [1]);
        var blueprint = new ModuleBlueprint { Name = "A", Parameters = [Named("w", weight)], Source = "def forward(self) -> Tensor:\n    return self.w\n" };
        if (Fixture.LibtorchNumber < 201)
        {
            var error = Assert.Throws<TorchException>(() => ScriptModule.Build(blueprint, Options));
            Assert.Equal(TorchFailure.Unsupported, error.Failure);
            Assert.StartsWith("the tensor 'w' is of dtype float8_e5m2, which libtorch ", error.Message);
        }

        Assert.Equal(
            "device 'tpu' is not supported; use cpu or cuda:N",
            Assert.Throws<TorchException>(() => ScriptModule.Build(blueprint, new ModuleOptions { Device = "tpu" })).Message);
    }

    [Fact]
    public void Build_PartsThatCallPartsTwice_RefusedBeforeTheyGrow()
    {
        var inPlaces = new ModuleBlueprint { Name = "Leaf", Source = "def forward(self, x: Tensor) -> Tensor:\n    return x + 1" };
        var inCode = inPlaces;
        for (var i = 0; i < 60; i++)
        {
            inPlaces = new ModuleBlueprint
            {
                Name = "Pair",
                Modules = [Named("a", inPlaces), Named("b", inPlaces)],
                Source = "def forward(self, x: Tensor) -> Tensor:\n    return self.a.forward(self.b.forward(x))",
            };
            inCode = new ModuleBlueprint
            {
                Name = "Twice",
                Modules = [Named("a", inCode)],
                Source = "def forward(self, x: Tensor) -> Tensor:\n    return self.a.forward(self.a.forward(x))",
            };
        }

        Assert.Equal(
            "the blueprint cannot be built: the model uses its modules in more than 100000 places",
            Assert.Throws<TorchException>(() => ScriptModule.Build(inPlaces, Options)).Message);
        Assert.Equal(
            "the model calls its parts from too many places: more than 500000 operations",
            Assert.Throws<TorchException>(() => ScriptModule.Build(inCode, Options)).Message);
        Assert.Equal(new LiveObjects(0, 0, 0), TorchRuntime.LiveObjects);
    }
}
