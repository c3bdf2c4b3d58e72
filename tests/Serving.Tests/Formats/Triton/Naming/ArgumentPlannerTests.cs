using Granary.Serving.Formats.Triton.Config;
using Granary.Serving.Formats.Triton.Naming;
using Granary.Serving.Tests.Support;
using Granary.Torch;

namespace Granary.Serving.Tests.Formats.Triton.Naming;

public sealed class ArgumentPlannerTests
{
    private static readonly MethodSchema AddSub = Schema("Tuple[Tensor, Tensor]", ("INPUT0", "Tensor"), ("INPUT1", "Tensor"));

    private static MethodSchema Schema(string result, params (string Name, string Type)[] arguments) =>
        new("forward", [.. arguments.Select(argument => new ArgumentSchema(argument.Name, argument.Type, false, null))], result);

    private static ModelConfig Config(string[] inputs, string[] outputs, DataType type = DataType.Fp32) => new()
    {
        Name = "m",
        Input = [.. inputs.Select(name => new ModelInput { Name = name, DataType = type, Dims = [16] })],
        Output = [.. outputs.Select(name => new ModelOutput { Name = name, DataType = type, Dims = [16] })],
    };

    // The eight cases of Triton's qa/L0_libtorch_io_names, whose model is forward(INPUT0, INPUT1) -> (difference, sum).
    [Theory]
    [InlineData("INPUT__0 INPUT__1", "OUTPUT__0 OUTPUT__1", "0 1", "0 1", 0)]
    [InlineData("INPUT0 INPUT1", "OUTPUT__0 OUTPUT__1", "0 1", "0 1", 0)]
    [InlineData("INPUT0 INPUT1", "OUTPUT0 OUTPUT1", "0 1", "0 1", 1)]
    [InlineData("INPUTA INPUTB", "OUTPUTA OUTPUTB", "0 1", "0 1", 2)]
    [InlineData("INPUTA INPUT__1", "OUTPUTA OUTPUT__1", "0 1", "0 1", 2)]
    [InlineData("INPUT0 INPUTB", "OUTPUTA OUTPUT__1", "0 1", "0 1", 2)]
    [InlineData("INPUT0 INPUT__1", "OUTPUT0 OUTPUT__1", "0 1", "0 1", 2)]
    [InlineData("INPUT1 INPUT0", "OUT__1 OUT__0", "1 0", "1 0", 0)]
    // The same rules where the order tells them apart.
    [InlineData("INPUT__1 INPUT__0", "OUTPUT__0 OUTPUT__1", "1 0", "0 1", 0)]
    [InlineData("INPUT__1 INPUTB", "OUTPUT__1 OUTPUTB", "0 1", "0 1", 2)]
    [InlineData("a__b__1 c__0", "OUTPUT__0 OUTPUT__1", "0 1", "0 1", 1)]
    [InlineData("a__ c__0", "OUTPUT__0 OUTPUT__1", "0 1", "0 1", 1)]
    [InlineData("x__01 x__00", "OUTPUT__0 OUTPUT__1", "1 0", "0 1", 0)]
    public void Plan_NamesOfTritonsTests_GoWhereTritonSendsThem(string inputs, string outputs, string arguments, string positions, int warnings)
    {
        var plan = ArgumentPlanner.Plan(Config(inputs.Split(' '), outputs.Split(' ')), AddSub);

        Assert.Equal(inputs.Split(' '), plan.Inputs.Select(input => input.Name));
        Assert.Equal(arguments, string.Join(' ', plan.Inputs.Select(input => input.Argument)));
        Assert.Equal(positions, string.Join(' ', plan.OutputPositions));
        Assert.Equal(warnings, plan.Warnings.Count);
    }

    [Fact]
    public void Plan_ArgumentNamesThatLookLikeIndices_AreArguments()
    {
        var plan = ArgumentPlanner.Plan(Config(["x__1", "x__0"], ["OUTPUT__0"]), Schema("Tensor", ("x__1", "Tensor"), ("x__0", "Tensor")));

        Assert.Equal([0, 1], plan.Inputs.Select(input => input.Argument));
    }

    [Fact]
    public void Plan_OneDictionary_TakesNamesAsKeys()
    {
        var plan = ArgumentPlanner.Plan(Config(["a", "INPUT__1"], ["OUTPUT__0"]), Schema("Tensor", ("features", "Dict[str, Tensor]")));
        using var a = Tensor.Rent(DType.Float32, [1]);
        using var b = Tensor.Rent(DType.Float32, [2]);

        var argument = Assert.Single(plan.Arrange([a, b]));

        Assert.True(plan.TakesDictionary);
        Assert.Null(argument.Name);
        Assert.Equal(["a", "INPUT__1"], ((DictValue)argument.Value).Entries.Select(entry => ((StringValue)entry.Key).Text));
        Assert.Same(b, ((DictValue)argument.Value).Entries[1].Value);
    }

    [Theory]
    [InlineData("a b c", "O__0 O__1", "unable to load model 'm', configuration expects 3 inputs, model provides 2: forward(INPUT0: Tensor, INPUT1: Tensor)")]
    [InlineData("a", "O__0 O__1", "unable to load model 'm', configuration expects 1 inputs, model provides 2: forward(INPUT0: Tensor, INPUT1: Tensor)")]
    [InlineData("x__0 x__2", "O__0", "input 'x__2' of model 'm' names argument 2, but the model has 2: forward(INPUT0: Tensor, INPUT1: Tensor)")]
    [InlineData("x__1 y__1", "O__0", "inputs 'x__1' and 'y__1' of model 'm' both name argument 1 ('INPUT1')")]
    [InlineData("x__0 x__1", "O__2", "unable to load model 'm', configuration expects output 'O__2' at 2, model returns Tuple[Tensor, Tensor]")]
    [InlineData("x__0 x__1", "O__0 P__0", "two outputs of model 'm' have the same index: 'O__0', 'P__0'")]
    public void Plan_NamesThatDoNotFit_SayWhy(string inputs, string outputs, string expected) => Assert.Equal(
        expected,
        Raises.Serving(ServingError.InvalidArgument, () => ArgumentPlanner.Plan(Config(inputs.Split(' '), outputs.Split(' ')), AddSub)));

    [Theory]
    [InlineData("int", DataType.Int64, "An input of type 'int' was detected in model 'm' (argument 'x'). Only a single input of type Dict(str, Tensor) or input(s) of type Tensor are supported.")]
    [InlineData("List[str]", DataType.Fp32, "An input of type 'List[str]' was detected in model 'm' (argument 'x'). Only a single input of type Dict(str, Tensor) or input(s) of type Tensor are supported.")]
    [InlineData("Tensor", DataType.String, "input 'x' of model 'm' is TYPE_STRING, which needs an argument of type List[str]; 'x' is Tensor")]
    [InlineData("Dict[int, Tensor]", DataType.Fp32, "argument 'x' of model 'm' has type 'Dict[int, Tensor]'. Only a single input of type Dict(str, Tensor) is supported.")]
    public void Plan_TypesThatDoNotFit_SayWhy(string type, DataType given, string expected) => Assert.Equal(
        expected,
        Raises.Serving(ServingError.InvalidArgument, () => ArgumentPlanner.Plan(Config(["x"], ["OUTPUT__0"], given), Schema("Tensor", ("x", type)))));

    [Fact]
    public void Plan_StringsAndOptionalTensors_AreTaken()
    {
        Assert.Equal(0, ArgumentPlanner.Plan(Config(["x"], ["OUTPUT__0"], DataType.String), Schema("List[str]", ("x", "List[str]"))).Inputs[0].Argument);
        Assert.Equal(0, ArgumentPlanner.Plan(Config(["x"], ["OUTPUT__0"]), Schema("Tensor", ("x", "Optional[Tensor]"))).Inputs[0].Argument);
    }

    [Fact]
    public void Arrange_ArgumentsWithDefaults_MayBeLeftOut()
    {
        var schema = new MethodSchema("forward", [new("x", "Tensor", false, null), new("mask", "Optional[Tensor]", true, "None"), new("bias", "Tensor", true, "…")], "Tensor");
        var plan = ArgumentPlanner.Plan(Config(["bias", "x", "mask"], ["OUTPUT__0"]), schema);
        using var x = Tensor.Rent(DType.Float32, [1]);
        using var bias = Tensor.Rent(DType.Float32, [1]);

        var arguments = plan.Arrange([bias, x, null]);

        Assert.Equal([null, "bias"], arguments.Select(argument => argument.Name));
        Assert.Same(x, arguments[0].Value);
        Assert.Same(bias, arguments[1].Value);
        Assert.Equal(2, ArgumentPlanner.Plan(Config(["x", "bias"], ["OUTPUT__0"]), schema).Inputs[1].Argument);
    }

    [Fact]
    public void Pick_EveryKindOfResult_GivesTheNamedValues()
    {
        using var a = new StringValue("a");
        using var b = new StringValue("b");
        var plan = ArgumentPlanner.Plan(Config(["x"], ["y__1", "y__0"]), Schema("Any", ("x", "Tensor")));
        var named = ArgumentPlanner.Plan(Config(["x"], ["second", "first"]), Schema("Any", ("x", "Tensor")));
        var one = ArgumentPlanner.Plan(Config(["x"], ["y"]), Schema("Any", ("x", "Tensor")));
        var dictionary = new DictValue([new(new StringValue("first"), a), new(new StringValue("second"), b)]);

        Assert.Equal([b, a], plan.Pick(new TupleValue([a, b])));
        Assert.Equal([b, a], plan.Pick(new ListValue([a, b])));
        Assert.Equal([b, a], plan.Pick(dictionary));
        Assert.Equal([b, a], named.Pick(dictionary));
        Assert.Equal([b, a], named.Pick(new TupleValue([a, b], "Point", ["first", "second"])));
        Assert.Equal([a], one.Pick(a));
        var texts = new ListValue([a, b]);
        Assert.Equal([texts], one.Pick(texts));
        Assert.Equal(
            "output 'y__1' would be number 1 of what the model returns, which has 1 values",
            Raises.Serving(ServingError.ModelFailed, () => plan.Pick(new TupleValue([a]))));
    }

    [Theory]
    [InlineData("Tensor", "OUTPUT__0 FP32")]
    [InlineData("Tuple[Tensor, List[str], Tuple[int, Tensor]]", "OUTPUT__0 FP32;OUTPUT__1 BYTES;OUTPUT__2 FP32")]
    [InlineData("List[str]", "OUTPUT__0 BYTES")]
    [InlineData("Dict[str, Tensor]", "")]
    [InlineData("List[Tensor]", "")]
    public void Complete_NoOutputs_ComeFromTheSignature(string result, string expected)
    {
        var config = SchemaConfig.Complete(new ModelConfig(), Schema(result, ("x", "Tensor")));

        Assert.Equal(expected, string.Join(';', config.Output.Select(output => $"{output.Name} {output.DataType.WireName()}")));
    }

    [Fact]
    public void Complete_NoInputs_ComeFromTheSignature()
    {
        var schema = new MethodSchema("forward", [new("x", "Tensor", false, null), new("n", "int", true, "1"), new("words", "List[str]", false, null), new("mask", "Optional[Tensor]", true, "None")], "Tensor");

        var config = SchemaConfig.Complete(new ModelConfig(), schema);

        Assert.Equal(["x FP32 False", "words BYTES False", "mask FP32 True"], config.Input.Select(input => $"{input.Name} {input.DataType.WireName()} {input.Optional}"));
        Assert.All(config.Input, input => Assert.Equal([-1], input.Dims));
        var own = new ModelConfig { Input = [new ModelInput { Name = "own" }] };
        Assert.Same(own.Input, SchemaConfig.Complete(own, schema).Input);
    }

    [Fact]
    public void Learn_FirstRequest_GivesTypesAndShapes()
    {
        ObservedTensor[] inputs = [new("x", DataType.Fp64, [5, 8]), new("k", DataType.Int64, [3])];

        var flat = SchemaConfig.Learn(new ModelConfig(), inputs, [new("y", DataType.Fp64, [5])]);
        var batched = SchemaConfig.Learn(new ModelConfig { MaxBatchSize = 8 }, inputs, []);

        Assert.Equal(["FP64 -1,8", "INT64 3"], flat.Input.Select(input => $"{input.DataType.WireName()} {string.Join(',', input.Dims)}"));
        Assert.Equal([5], flat.Output[0].Dims);
        Assert.Equal(["8", "1"], batched.Input.Select(input => string.Join(',', input.Dims)));
        Assert.Empty(batched.Output);
    }

    [Fact]
    public void WireNames_EveryType_ReadBack()
    {
        foreach (var type in Enum.GetValues<DataType>().Where(type => type != DataType.Invalid))
        {
            Assert.Equal(type, DataTypes.FromWireName(type.WireName()));
            if (type.ToDType() is { } dtype)
                Assert.Equal(type, DataTypes.Of(dtype));
            else
                Assert.Equal(DataType.String, type);
        }

        Assert.Null(DataTypes.FromWireName("FLOAT"));
    }
}
