using System.Text;
using Granary.Serving.Activations;
using Granary.Serving.Handlers;
using Granary.Serving.Models;
using Granary.Serving.Tests.Activations;
using Granary.Serving.Tests.Models;
using Granary.Serving.Tests.Support;
using Granary.Torch;

namespace Granary.Serving.Tests.Handlers.TorchServe;

/// <summary>What becomes of the bodies of requests; answers of real models are in ArchiveServingTests.</summary>
public sealed class TorchServeHandlerTests
{
    private static readonly TensorSpec Row = new("x", DType.Float32, [-1, 4]);

    public static TheoryData<string, string, string> Bodies => new()
    {
        { "[1, 2, 3, 4]", "", "int64 [1,4] 1,2,3,4 row" },
        { "[1, 2.5, 3, 4]", "", "float32 [1,4] 1,2.5,3,4 row" },
        { "[[1.5, 2], [3, 4]]", "", "float32 [1,2,2] 1.5,2,3,4 row" },
        { "[true, false]", "", "bool [1,2] 1,0 row" },
        { "  [1, 2, 3, 4]\n", "float32 -1,4", "float32 [1,4] 1,2,3,4 row" },
        { "[[1, 2, 3, 4]]", "float32 -1,4", "float32 [1,4] 1,2,3,4" },
        { "[[1, 2, 3, 4], [5, 6, 7, 8]]", "float32 -1,4", "float32 [2,4] 1,2,3,4,5,6,7,8" },
        { "[1, 2, 3, 4]", "float64 4", "float64 [4] 1,2,3,4" },
        { "[1, 2]", "int32 -1,2", "int32 [1,2] 1,2 row" },
        { "[0, 3]", "bool -1,2", "!byte 4" },
        { "[[[1]]]", "float32 -1,4", "!the input 'x' has 3 dimensions; one row has 1, several have 2: [-1,4]" },
        { "[[1, 2], [3]]", "", "!" },
        { "hello", "", "!5 bytes are neither JSON nor a NumPy file; for the bytes of elements give the model's definition 'inputs' with dtype and shape" },
        { "hello", "float32 -1,4", "!5 bytes are neither JSON nor a NumPy file nor rows of float32 [-1,4]" },
        { "abcd", "uint8 -1,4", "uint8 [1,4] 97,98,99,100 row" },
        { "abcdefgh", "uint8 -1,4", "uint8 [2,4] 97,98,99,100,101,102,103,104" },
        { "abcd", "uint8 4", "uint8 [4] 97,98,99,100" },
    };

    [Theory]
    [MemberData(nameof(Bodies))]
    public void Base_BodyOfBytes_BecomesRows(string body, string input, string expected)
    {
        var words = input.Split(' ');
        var spec = input.Length == 0 ? null : new TensorSpec("x", Enum.GetValues<DType>().Single(dtype => dtype.TorchName() == words[0]), [.. words[1].Split(',').Select(long.Parse)]);
        var chain = Chain(HandlerNames.TorchServeBase, spec is null ? [] : [spec]);
        var made = new List<Value>();
        using var request = Request("data", Bytes(body));

        if (expected.StartsWith('!'))
        {
            var error = Assert.Throws<ServingException>(() => chain.Preprocess([new Argument(null, request)], made, out _));
            Assert.Equal(ServingError.InvalidArgument, error.Error);
            Assert.Contains(expected[1..], error.Message, StringComparison.Ordinal);
            return;
        }

        var argument = Assert.Single(chain.Preprocess([new Argument(null, request)], made, out var notes));
        var tensor = Assert.IsType<Tensor>(argument.Value);
        Assert.Equal(expected, $"{tensor.DType.TorchName()} [{string.Join(',', tensor.Shape.ToArray())}] {string.Join(',', Numbers(tensor))}{(notes is null ? "" : " row")}");
        Assert.Equal([tensor], made);
        // A row's answer loses its batch dimension again, several rows keep it.
        var answers = new List<Value>();
        using var result = Tensor.From<float>(DType.Float32, [1, 2], [1, 2]);
        Assert.Equal(notes is null ? [1, 2] : [2L], ((Tensor)chain.Postprocess(result, answers, notes)).Shape.ToArray());
        made.ForEach(static value => value.Dispose());
    }

    [Fact]
    public void Base_NumpyFiles_AreRead()
    {
        var header = "{'descr': '<i4', 'fortran_order': False, 'shape': (2, 2), }";
        Assert.Equal("int32 [1,2,2] 1,2,3,4", Convert(Numpy(1, header, [1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0])));
        Assert.Equal("int32 [1,2,2] 1,2,3,4", Convert(Numpy(2, header, [1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0])));
        Assert.Equal("bool [1,3] 1,0,1", Convert(Numpy(1, "{'descr': '|b1', 'fortran_order': False, 'shape': (3,), }", [9, 0, 1])));
        Assert.Equal("float64 [1] 0", Convert(Numpy(1, "{'descr': '<f8', 'fortran_order': False, 'shape': (), }", new byte[8])), ignoreCase: false);
    }

    [Theory]
    [InlineData("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", 8, "its dtype is '|O'; little-endian integers, floats, complex numbers and booleans are read")]
    [InlineData("{'descr': '>f4', 'fortran_order': False, 'shape': (1,), }", 4, "its dtype is '>f4'; little-endian integers, floats, complex numbers and booleans are read")]
    [InlineData("{'descr': '<f4', 'fortran_order': True, 'shape': (1,), }", 4, "it is in Fortran's order; send numpy.ascontiguousarray of it")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", 4, "its shape needs 8 bytes, but 4 follow the header")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (9223372036854775807, 9), }", 4, "its shape is too large")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,), }", 4, "its shape is not one")]
    [InlineData("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }", 4, "its header is not one of a plain array")]
    [InlineData("__import__('os').system('id')", 4, "its header is not one of a plain array")]
    public void Base_NumpyFilesThatLie_AreRefused(string header, int data, string why) => Assert.Equal(
        "the body is a NumPy file, but " + why, Raises.Serving(ServingError.InvalidArgument, () => Convert(Numpy(1, header, new byte[data]))));

    [Fact]
    public void Base_NumpyFilesCutAnywhere_AreRefused()
    {
        var file = Numpy(1, "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", new byte[8]);
        for (var length = 6; length < file.Length; length++)
            Assert.StartsWith("the body is a NumPy file, but ", Raises.Serving(ServingError.InvalidArgument, () => Convert(file[..length])));
    }

    [Fact]
    public void Base_ValuesOfJson_BecomeRows()
    {
        var chain = Chain(HandlerNames.TorchServeBase, [Row]);
        using var whole = Tensor.From<long>(DType.Int64, [4], [1, 2, 3, 4]);
        Assert.Equal("float32 [1,4] 1,2,3,4", Convert(chain, "body", whole));
        Assert.Equal("float64 [1] 2", Convert(Chain(HandlerNames.TorchServeBase, [new TensorSpec("x", DType.Float64, [-1])]), "body", new IntValue(2)));
        Assert.Equal("float32 [1] 2.5", Convert(Chain(HandlerNames.TorchServeBase, []), "body", new DoubleValue(2.5)));
        Assert.Equal("bool [1] 1", Convert(Chain(HandlerNames.TorchServeBase, []), "data", new BoolValue(true)));
        Assert.Equal("float32 [1,4] 1,2,3,4", Convert(chain, "data", new StringValue("[1, 2, 3, 4]")));
        Assert.Equal(
            "a List is no tensor; send lists of numbers whose inner lists have one length, or a NumPy file",
            Raises.Serving(ServingError.InvalidArgument, () => Convert(chain, "data", new ListValue([new StringValue("a")]))));
        Assert.Equal("the request has no parameter 'data' or 'body'; it has 'image'", Raises.Serving(ServingError.InvalidArgument, () => Convert(chain, "image", new IntValue(1))));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Base_ParametersCalledLikeInputs_AreThem(bool inBody)
    {
        var chain = Chain(HandlerNames.TorchServeBase, [Row, new TensorSpec("mask", DType.Int64, [-1, 2])]);
        DictValue values = new([new(new StringValue("mask"), Bytes("[1, 0]")), new(new StringValue("x"), Bytes("[1, 2, 3, 4]"))]);
        using var request = inBody ? new DictValue([new(new StringValue("body"), values)]) : values;
        var made = new List<Value>();

        var arguments = chain.Preprocess([new Argument(null, request)], made, out var notes);

        Assert.Equal(["mask int64 [1,2] 1,0", "x float32 [1,4] 1,2,3,4"], arguments.Select(static argument => $"{argument.Name} {Show(argument.Value)}"));
        Assert.NotNull(notes);
        made.ForEach(static value => value.Dispose());
    }

    [Fact]
    public void Base_ArgumentThatIsNoTensor_GetsTheValueItself()
    {
        var model = new FakeModule { Methods = [new("forward", [new("texts", "List[str]", false, null)], "Tensor")] };
        var chain = Chain(HandlerNames.TorchServeBase, [], model);
        using var request = Request("data", new ListValue([new StringValue("a"), new StringValue("b")]));

        var argument = Assert.Single(chain.Preprocess([new Argument(null, request)], [], out var notes));

        Assert.Equal(["a", "b"], ((ListValue)argument.Value).Items.Select(static item => ((StringValue)item).Text));
        Assert.Null(notes);
    }

    [Theory]
    [InlineData(HandlerNames.TorchServeBase)]
    [InlineData(HandlerNames.TorchServePickle)]
    [InlineData(HandlerNames.ImageClassifier)]
    [InlineData(HandlerNames.ImageSegmenter)]
    [InlineData(HandlerNames.ObjectDetector)]
    [InlineData(HandlerNames.TextClassifier)]
    public void Every_ArgumentsOfAnotherProtocol_Pass(string handler)
    {
        using var tensor = Tensor.From<float>(DType.Float32, [1, 1], [1]);
        IReadOnlyList<Argument> inputs = [new Argument("x", tensor)];

        Assert.Same(inputs, Chain(handler, []).Preprocess(inputs, [], out var notes));
        Assert.Null(notes);
    }

    [Fact]
    public void Classifier_Answers_FollowPythonsDictionary()
    {
        var chain = Chain(HandlerNames.ImageClassifier, [], parameters: new() { ["topk"] = "4", ["labels"] = """{"0": "cat", "2": "cat", "x": "never"}""" });
        using var scores = Tensor.From<float>(DType.Float32, [1, 4], [MathF.Log(4), MathF.Log(1), MathF.Log(2), MathF.Log(3)]);

        var answer = (ListValue)chain.Postprocess(scores, []);

        // Both cats are one entry: at the place of the better, with the chance of the worse.
        Assert.Equal(["cat=0.2", "3=0.3", "1=0.1"], ((DictValue)Assert.Single(answer.Items)).Entries.Select(static entry => FormattableString.Invariant($"{((StringValue)entry.Key).Text}={Math.Round(((DoubleValue)entry.Value).Number, 6)}")));
    }

    [Fact]
    public void Classifier_FewerClassesThanAsked_GivesAll()
    {
        using var scores = Tensor.From<double>(DType.Float64, [2, 2], [0, 0, 1, 0]);

        var answer = (ListValue)Chain(HandlerNames.ImageClassifier, []).Postprocess(scores, []);

        Assert.Equal(["0,1", "0,1"], answer.Items.Select(static item => string.Join(',', ((DictValue)item).Entries.Select(static entry => ((StringValue)entry.Key).Text))));
    }

    [Fact]
    public void Classifier_NumbersInsteadOfAPicture_AreTheRow()
    {
        using var numbers = Tensor.From<long>(DType.Int64, [3, 1, 2], [1, 2, 3, 4, 5, 6]);
        var chain = Chain(HandlerNames.ImageClassifier, []);
        Assert.Equal("float32 [1,3,1,2] 1,2,3,4,5,6", Convert(chain, "data", numbers));
        using var flat = Tensor.From<long>(DType.Int64, [2], [1, 2]);
        Assert.Equal(
            "an image as numbers has 3 dimensions [channels, height, width]; this one has 1",
            Raises.Serving(ServingError.InvalidArgument, () => Convert(chain, "data", flat)));
        Assert.Equal("the text of an image is not base64", Raises.Serving(ServingError.InvalidArgument, () => Convert(chain, "data", new StringValue("?"))));
    }

    [Theory]
    [InlineData(HandlerNames.ImageSegmenter, "handler 'image_segmenter' takes {\"out\": a float tensor [rows, classes, height, width]}, but the model returned a float32 tensor of shape [1,1]")]
    [InlineData(HandlerNames.ObjectDetector, "handler 'object_detector' takes a list of {\"boxes\": float32 [n, 4], \"labels\": int64 [n], \"scores\": float32 [n]}, but the model returned a Tensor")]
    public void Answers_OfAnotherKindOfModel_SayWhatIsTaken(string handler, string why)
    {
        using var result = Tensor.From<float>(DType.Float32, [1, 1], [1]);

        Assert.Equal(why, Raises.Serving(ServingError.ModelFailed, () => Chain(handler, []).Postprocess(result, [])));
    }

    [Fact]
    public void Detector_DetectionsThatDoNotFit_AreNamed()
    {
        var chain = Chain(HandlerNames.ObjectDetector, []);
        using var boxes = Tensor.From<float>(DType.Float32, [1, 4], [1, 2, 3, 4]);
        using var scores = Tensor.From<float>(DType.Float32, [2], [1, 1]);
        using var labels = Tensor.From<long>(DType.Int64, [1], [1]);
        var detections = new ListValue([new DictValue([new(new StringValue("boxes"), boxes), new(new StringValue("labels"), labels), new(new StringValue("scores"), scores)])]);

        Assert.EndsWith("but the model returned 1 boxes of 4 numbers with 1 labels and 2 scores", Raises.Serving(ServingError.ModelFailed, () => chain.Postprocess(detections, [])));
        Assert.EndsWith("but the model returned detections without fitting 'boxes'", Raises.Serving(ServingError.ModelFailed, () => chain.Postprocess(new ListValue([new DictValue([])]), [])));
        Assert.EndsWith("but the model returned a list of str", Raises.Serving(ServingError.ModelFailed, () => chain.Postprocess(new ListValue([new StringValue("x")]), [])));
    }

    [Theory]
    [InlineData("PK\u0003\u0004", "!the body is damaged")]
    [InlineData("hello", "!the body is damaged")]
    public void Pickle_BodiesThatAreNone_AreRefused(string body, string why) =>
        Assert.StartsWith(why[1..], Raises.Serving(ServingError.InvalidArgument, () => Convert(Chain(HandlerNames.TorchServePickle, []), "data", Bytes(body))));

    [Fact]
    public void Parameters_ThatAreWrong_AreNamedTogether()
    {
        var definition = Definitions.Of("m", "1") with
        {
            Handlers =
            [
                new HandlerSpec(HandlerNames.ImageClassifier, new Dictionary<string, string> { ["topk"] = "0", ["labels"] = "{\"0\": 1}" }),
                new HandlerSpec(HandlerNames.ObjectDetector, new Dictionary<string, string> { ["threshold"] = "2", ["max-pixels"] = "x", ["resize"] = "3" }),
                new HandlerSpec(HandlerNames.TorchServeBase, new Dictionary<string, string> { ["k"] = "3" }),
            ],
        };

        Assert.Equal(
            [
                "labels of handler 'image_classifier' is '{\"0\": 1}': a JSON object of names by class, a JSON list of names, or names with commas between them",
                "topk of handler 'image_classifier' is '0': a whole number from 1 to 1000000",
                "max-pixels of handler 'object_detector' is 'x': a whole number from 1 to 500000000",
                "threshold of handler 'object_detector' is '2': 1 or 1 number from 0 to 1 with commas between them",
                "handler 'object_detector' has no parameter 'resize'; it has labels, max-pixels, threshold",
                "handler 'torchserve-base' has no parameter 'k'; it has none",
            ],
            ModelDefinitionValidator.Validate(definition));
    }

    private static HandlerChain Chain(string handler, IReadOnlyList<TensorSpec> inputs, ILoadedModel? model = null, Dictionary<string, string>? parameters = null) => HandlerChain.Create(
        Definitions.Of("m", "1") with { Inputs = inputs, Handlers = [new HandlerSpec(handler, parameters ?? [])] }, model)!;

    private static Tensor Bytes(string latin1) => Tensor.From<byte>(DType.UInt8, [latin1.Length], Encoding.Latin1.GetBytes(latin1));

    private static DictValue Request(string name, Value value) => new([new(new StringValue(name), value)]);

    private static string Convert(byte[] body) => Convert(Chain(HandlerNames.TorchServeBase, []), "body", Tensor.From<byte>(DType.UInt8, [body.Length], body));

    private static string Convert(HandlerChain chain, string name, Value value)
    {
        var made = new List<Value>();
        var argument = Assert.Single(chain.Preprocess([new Argument(null, Request(name, value))], made, out var notes));
        Assert.NotNull(notes);
        var text = Show(argument.Value);
        made.ForEach(static item => item.Dispose());
        return text;
    }

    private static string Show(Value value) => value is Tensor tensor
        ? $"{tensor.DType.TorchName()} [{string.Join(',', tensor.Shape.ToArray())}] {string.Join(',', Numbers(tensor))}"
        : value.Kind;

    private static IEnumerable<string> Numbers(Tensor tensor) => tensor.DType switch
    {
        DType.Float32 => tensor.As<float>().ToArray().Select(static number => FormattableString.Invariant($"{number}")),
        DType.Float64 => tensor.As<double>().ToArray().Select(static number => FormattableString.Invariant($"{number}")),
        DType.Int64 => tensor.As<long>().ToArray().Select(static number => FormattableString.Invariant($"{number}")),
        DType.Int32 => tensor.As<int>().ToArray().Select(static number => FormattableString.Invariant($"{number}")),
        _ => tensor.Bytes.ToArray().Select(static number => FormattableString.Invariant($"{number}")),
    };

    private static byte[] Numpy(byte version, string header, byte[] data)
    {
        var text = Encoding.Latin1.GetBytes(header + "\n");
        return [0x93, .. "NUMPY"u8, version, 0, .. version == 1 ? BitConverter.GetBytes((ushort)text.Length) : BitConverter.GetBytes(text.Length), .. text, .. data];
    }
}
