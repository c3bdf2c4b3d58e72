using Granary.Serving.Handlers;
using Granary.Serving.Models;
using Granary.Serving.Tests.Models;
using Granary.Torch;

namespace Granary.Serving.Tests.Handlers;

public sealed class HandlerTests
{
    [Fact]
    public void Chain_BeforeAndAfter_InOrderAndReverse()
    {
        var calls = new List<string>();
        var chain = new HandlerChain([new Recorder("a", calls), new Recorder("b", calls)]);
        using var input = Tensor.From<float>(DType.Float32, [1], [1]);
        var made = new List<Value>();
        var answers = new List<Value>();

        var inputs = chain.Preprocess([new Argument("x", input)], made, out _);
        var answer = chain.Postprocess(new StringValue("module"), answers);

        Assert.Equal(["before a", "before b", "after b", "after a"], calls);
        Assert.Equal("after a(after b(module))", ((StringValue)answer).Text);
        Assert.Equal(["x", "b"], inputs.Select(static argument => argument.Name));
        Assert.Equal(2, made.Count);
        Assert.DoesNotContain(input, made);
        Assert.Equal(2, answers.Count);
    }

    [Fact]
    public void Create_NoHandlers_IsNoChain()
    {
        Assert.Null(HandlerChain.Create(Definitions.Of("m", "1")));
        Assert.Null(HandlerChain.Create(With(new HandlerSpec(HandlerNames.V2Reply))));
        Assert.NotNull(HandlerChain.Create(With(new HandlerSpec("softmax"))));
    }

    [Fact]
    public void Parse_OneLine_IsTheChain()
    {
        var specs = HandlerText.Parse(" image: resize=256  crop=224 mean=0.5,0.5,0.5 ;softmax; top-classes:k=3;");

        Assert.Equal(["image", "softmax", "top-classes"], specs.Select(static spec => spec.Name));
        Assert.Equal(["crop=224", "mean=0.5,0.5,0.5", "resize=256"], specs[0].Parameters.Select(static pair => $"{pair.Key}={pair.Value}").Order());
        Assert.Empty(specs[1].Parameters);
        Assert.Equal("3", specs[2].Parameters["k"]);
        Assert.Empty(HandlerText.Parse(" ; "));
    }

    [Theory]
    [InlineData("image resize=256", "'image resize=256' does not begin with the name of a handler and a colon")]
    [InlineData(": k=3", "': k=3' does not begin with the name of a handler and a colon")]
    [InlineData("image: resize", "'resize' of handler 'image' is not parameter=value")]
    [InlineData("image: crop=1 crop=2", "handler 'image' has the parameter 'crop' twice")]
    public void Parse_Malformed_SaysWhere(string text, string fault)
    {
        var error = Assert.Throws<ServingException>(() => HandlerText.Parse(text));
        Assert.Equal($"handlers: {fault}; expected such as \"image: resize=256 crop=224; softmax\"", error.Message);
    }

    [Fact]
    public void Validate_FaultyHandlers_AreNamedTogether()
    {
        var definition = With(
            new HandlerSpec("picture"),
            Spec("image", ("resize", "0"), ("crop", "1,2,3"), ("color", "blue"), ("mean", "1,2"), ("std", "0"), ("max-pixels", "-1"), ("size", "1")),
            Spec("top-classes", ("k", "many")),
            Spec("softmax", ("dim", "1")));

        Assert.Equal(
            [
                "there is no handler 'picture'; there are image, softmax, top-classes, torchserve-base, torchserve-pickle, image_classifier, image_segmenter, object_detector, text_classifier, persia, v2-reply",
                "color of handler 'image' is 'blue': one of rgb, grey",
                "resize of handler 'image' is '0': a size from 1 to 16384, or height,width",
                "crop of handler 'image' is '1,2,3': a size from 1 to 16384, or height,width",
                "mean of handler 'image' is '1,2': 1 or 3 numbers with commas between them",
                "std of handler 'image' is '0': 1 or 3 numbers above 0 with commas between them",
                "max-pixels of handler 'image' is '-1': a whole number from 1 to 500000000",
                "handler 'image' has no parameter 'size'; it has color, crop, max-pixels, mean, resize, std",
                "k of handler 'top-classes' is 'many': a whole number from 1 to 1000000",
                "handler 'softmax' has no parameter 'dim'; it has none",
            ],
            ModelDefinitionValidator.Validate(definition));
    }

    [Fact]
    public void Softmax_Rows_SumToOne()
    {
        using var scores = Tensor.From<float>(DType.Float32, [2, 3], [1, 2, 3, 1000, 1000, -1000]);
        using var chances = (Tensor)new SoftmaxHandler().Postprocess(scores);
        Assert.Equal([2, 3], chances.Shape.ToArray());
        float[] expected = [0.09003057f, 0.24472848f, 0.66524094f, 0.5f, 0.5f, 0f];
        Assert.All(expected.Zip(chances.As<float>().ToArray()), static pair => Assert.Equal(pair.First, pair.Second, 1e-7f));
    }

    [Theory]
    [InlineData(DType.Float64, DType.Float64)]
    [InlineData(DType.Float16, DType.Float32)]
    [InlineData(DType.BFloat16, DType.Float32)]
    public void Softmax_OtherFloats_KeepOrWiden(DType dtype, DType expected)
    {
        using var scores = Tensor.Rent(dtype, [2]);
        scores.Bytes.Clear();
        using var chances = (Tensor)((IHandler)new SoftmaxHandler()).Postprocess(scores);
        Assert.Equal(expected, chances.DType);
        Assert.Equal(0.5, dtype == DType.Float64 ? chances.As<double>()[1] : chances.As<float>()[1]);
    }

    [Fact]
    public void Softmax_NoTensor_SaysWhatTheModelReturned()
    {
        var error = Assert.Throws<ServingException>(() => new SoftmaxHandler().Postprocess(new StringValue("x")));
        Assert.Equal((ServingError.ModelFailed, "handler 'softmax' takes one floating tensor of at least one dimension, but the model returned a str"), (error.Error, error.Message));
        using var whole = Tensor.From<long>(DType.Int64, [1], [1]);
        Assert.Contains("a int64 tensor of shape [1]", Assert.Throws<ServingException>(() => new SoftmaxHandler().Postprocess(whole)).Message);
    }

    [Fact]
    public void TopClasses_RowsWithLabels_BestFirst()
    {
        using var scores = Tensor.From<double>(DType.Float64, [2, 4], [0.1, 0.4, 0.4, double.NaN, 0.9, 0.2, 0.3, 0.1]);
        var answer = (ListValue)new TopClassesHandler(2, ["cat", "dog", "frog"]).Postprocess(scores);
        Assert.Equal(
            ["dog 1 0.4, frog 2 0.4", "cat 0 0.9, frog 2 0.3"],
            answer.Items.Select(static row => string.Join(", ", ((ListValue)row).Items.Select(static item => Show((DictValue)item)))));
    }

    [Fact]
    public void TopClasses_OneRowWithoutLabels_IsOneList()
    {
        using var scores = Tensor.From<float>(DType.Float32, [2], [0.25f, 0.75f]);
        var answer = (ListValue)new TopClassesHandler(5, null).Postprocess(scores);
        Assert.Equal(["1 0.75", "0 0.25"], answer.Items.Select(static item => Show((DictValue)item)));
        Assert.Equal(["index", "score"], ((DictValue)answer.Items[0]).Entries.Select(static entry => ((StringValue)entry.Key).Text));
    }

    [Fact]
    public void TopClasses_LabelsOfTheDefinition_AreThoseOfItsOutput()
    {
        var definition = With(new HandlerSpec("top-classes")) with { Outputs = [new TensorSpec("y", DType.Float32, [-1, 2]) { Labels = ["no", "yes"] }] };
        using var scores = Tensor.From<float>(DType.Float32, [2], [0.25f, 0.75f]);
        var answer = (ListValue)HandlerChain.Create(definition)!.Postprocess(scores, []);
        Assert.Equal(["yes 1 0.75", "no 0 0.25"], answer.Items.Select(static item => Show((DictValue)item)));
    }

    private static ModelDefinition With(params HandlerSpec[] handlers) => Definitions.Of("m", "1") with { Handlers = handlers };

    private static HandlerSpec Spec(string name, params (string Key, string Value)[] parameters) =>
        new(name, parameters.ToDictionary(static pair => pair.Key, static pair => pair.Value));

    private static string Show(DictValue value) => string.Join(' ', value.Entries.Select(static entry => entry.Value switch
    {
        StringValue text => text.Text,
        IntValue number => $"{number.Number}",
        _ => $"{((DoubleValue)entry.Value).Number}",
    }));

    private sealed class Recorder(string name, List<string> calls) : IHandler
    {
        public IReadOnlyList<Argument> Preprocess(IReadOnlyList<Argument> inputs)
        {
            calls.Add("before " + name);
            return [inputs[0], new Argument(name, new StringValue(name))];
        }

        public Value Postprocess(Value result)
        {
            calls.Add("after " + name);
            return new StringValue($"after {name}({((StringValue)result).Text})");
        }
    }
}
