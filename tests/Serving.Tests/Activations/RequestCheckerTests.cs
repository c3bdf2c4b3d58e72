using Granary.Serving.Activations;
using Granary.Serving.Clusters;
using Granary.Serving.Models;
using Granary.Torch;

namespace Granary.Serving.Tests.Activations;

public sealed class RequestCheckerTests
{
    private static readonly MethodSchema Forward = new("forward", [
        new("image", "Tensor", false, null),
        new("names", "Dict[str, Tensor]", false, null),
        new("scale", "float", true, "1.0"),
    ], "Tensor");

    private static readonly RequestChecker Checker = new(
        TestBed.Definition with { Inputs = [new TensorSpec("INPUT__0", DType.Float32, [-1, 3])] },
        [Forward, new("reset", [], "None")]);

    private static Tensor Image(DType dtype = DType.Float32, params long[] shape) => Tensor.Rent(dtype, shape.Length == 0 ? [2, 3] : shape);

    private static DictValue Names() => new([]);

    private static ServingException Refused(params Argument[] arguments) =>
        Assert.Throws<ServingException>(() => Checker.Bind(new InferenceRequest { Inputs = arguments }));

    [Fact]
    public void Bind_PositionalThenNamed_PassesTheSameList()
    {
        Argument[] inputs = [new(null, Image()), new("scale", new DoubleValue(2)), new("names", Names())];

        Assert.Same(inputs, Checker.Bind(new InferenceRequest { Inputs = inputs }));
    }

    [Fact]
    public void Bind_NameOfTheDefinition_BecomesTheModulesName()
    {
        var image = Image();

        var bound = Checker.Bind(new InferenceRequest { Inputs = [new("INPUT__0", image), new("names", Names())] });

        Assert.Equal("image", bound[0].Name);
        Assert.Same(image, bound[0].Value);
    }

    [Fact]
    public void Bind_UnknownMethod_InvalidArgumentWithTheMethods()
    {
        var error = Assert.Throws<ServingException>(() => Checker.Bind(new InferenceRequest { Inputs = [], Method = "predict" }));

        Assert.Equal(ServingError.InvalidArgument, error.Error);
        Assert.Equal("model 'm/1' has no method 'predict'; it has forward, reset", error.Message);
    }

    [Fact]
    public void Bind_MissingArgument_NamesItWithItsType() =>
        Assert.Equal("'forward' of model 'm/1': argument 'names' (Dict[str, Tensor]) is missing", Refused(new Argument(null, Image())).Message);

    [Fact]
    public void Bind_TooMany_SaysHowMany() =>
        Assert.Equal("'forward' of model 'm/1': it takes 3 arguments, got 4",
            Refused(new(null, Image()), new(null, Names()), new(null, Names()), new(null, Names())).Message);

    [Fact]
    public void Bind_UnknownName_ListsTheNames() =>
        Assert.Equal("'forward' of model 'm/1': there is no argument 'picture'; it takes 'image', 'names', 'scale'", Refused(new Argument("picture", Image())).Message);

    [Fact]
    public void Bind_GivenTwice_IsRefused() =>
        Assert.Equal("'forward' of model 'm/1': argument 'image' is given twice", Refused(new(null, Image()), new("image", Image())).Message);

    [Fact]
    public void Bind_PositionalAfterNamed_IsRefused() =>
        Assert.StartsWith("'forward' of model 'm/1': argument 2 has no name", Refused(new("image", Image()), new(null, Names())).Message);

    [Fact]
    public void Bind_NoTensorForATensor_SaysWhatItGot() =>
        Assert.Equal("'forward' of model 'm/1': argument 'image' must be a Tensor, got str", Refused(new(null, new StringValue("x")), new(null, Names())).Message);

    [Fact]
    public void Bind_OtherDType_SaysBoth() =>
        Assert.Equal("'forward' of model 'm/1': input 'INPUT__0' has dtype float64, expected float32", Refused(new(null, Image(DType.Float64)), new(null, Names())).Message);

    [Theory]
    [InlineData(2, 4)]
    [InlineData(3)]
    [InlineData(1, 1, 3)]
    public void Bind_OtherShape_SaysBoth(params int[] shape)
    {
        var error = Refused(new(null, Image(DType.Float32, shape.Select(size => (long)size).ToArray())), new(null, Names()));

        Assert.Equal(ServingError.InvalidArgument, error.Error);
        Assert.Equal($"'forward' of model 'm/1': input 'INPUT__0' has shape [{string.Join(',', shape)}], expected [-1,3]", error.Message);
    }

    [Fact]
    public void Bind_MoreInputsThanArguments_LeavesTheCheckToTheModule()
    {
        var checker = new RequestChecker(
            TestBed.Definition with { Inputs = [new("a", DType.Float32, [1]), new("b", DType.Float32, [1])] },
            [new("forward", [new("inputs", "Dict[str, Tensor]", false, null)], "Tensor")]);

        Assert.Single(checker.Bind(new InferenceRequest { Inputs = [new(null, Names())] }));
    }

    [Fact]
    public void Bind_SpecForANonTensor_IsIgnored()
    {
        var checker = new RequestChecker(
            TestBed.Definition with { Inputs = [new("a", DType.Float32, [1])] },
            [new("forward", [new("inputs", "List[Tensor]", false, null)], "Tensor")]);

        Assert.Single(checker.Bind(new InferenceRequest { Inputs = [new(null, new ListValue([]))] }));
    }
}
