using Granary.Torch;

namespace Granary.Serving.Handlers.TorchServe;

/// <summary>
/// TorchServe's <c>object_detector</c>: a picture in, <c>[{label: [x1, y1, x2, y2], "score": s}, …]</c> out, of what scores at least
/// 0.5. The model takes a list of pictures, as scripted torchvision detectors do, or one tensor of rows; it returns a list of
/// <c>{"boxes", "labels", "scores"}</c>, or a tuple that ends with one. Source: <c>ts/torch_handler/object_detector.py</c>.
/// </summary>
internal sealed class ObjectDetector : IHandler
{
    private static readonly StringValue Score = new("score");
    private readonly ImageReader _reader;
    private readonly ClassLabels _labels;
    private readonly float _threshold;
    private readonly bool _takesList;

    public ObjectDetector(HandlerParameters parameters, HandlerContext context)
    {
        _reader = ImageReader.OfPlain(parameters);
        _labels = ClassLabels.Read(parameters);
        _threshold = parameters.Channels("threshold", 0.5f, 1, static number => number is >= 0 and <= 1, "number from 0 to 1")[0];
        _takesList = context.Forward?.Arguments is [{ Type: var type }, ..] && type.StartsWith("List[", StringComparison.Ordinal);
        parameters.RefuseJoining(context.Definition);
    }

    /// <inheritdoc/>
    public IReadOnlyList<Argument> Preprocess(IReadOnlyList<Argument> inputs, out object? note)
    {
        note = null;
        if (RequestBody.Of(inputs) is not { } body)
            return inputs;
        note = RequestBody.OneRow;
        var picture = _reader.Read(body, asRow: !_takesList);
        return [new Argument(null, _takesList ? new ListValue([picture]) : picture)];
    }

    /// <inheritdoc/>
    public Value Postprocess(Value result, object? note)
    {
        if (result is TupleValue { Items: [.., var last] })
            result = last;
        if (result is not ListValue list)
            throw Wrong($"a {result.Kind}");
        var answers = new Value[list.Items.Count];
        for (var i = 0; i < answers.Length; i++)
            answers[i] = Describe(list.Items[i] as DictValue ?? throw Wrong($"a list of {list.Items[i].Kind}"));
        return note == RequestBody.OneRow && answers.Length == 1 ? answers[0] : new ListValue(answers);
    }

    private ListValue Describe(DictValue detections)
    {
        var boxes = Part(detections, "boxes", 2, static dtype => dtype == DType.Float32);
        var labels = Part(detections, "labels", 1, static dtype => dtype == DType.Int64);
        var scores = Part(detections, "scores", 1, static dtype => dtype == DType.Float32);
        if (boxes.Shape[1] != 4 || labels.Shape[0] != boxes.Shape[0] || scores.Shape[0] != boxes.Shape[0])
            throw Wrong($"{boxes.Shape[0]} boxes of {boxes.Shape[1]} numbers with {labels.Shape[0]} labels and {scores.Shape[0]} scores");
        var kept = new List<Value>();
        for (var i = 0; i < scores.ElementCount; i++)
        {
            if (!(scores.As<float>()[i] >= _threshold))
                continue;
            var box = new Value[4];
            for (var side = 0; side < 4; side++)
                box[side] = new DoubleValue(boxes.As<float>()[(4 * i) + side]);
            var entry = new LabelledScores(2);
            entry.Add(_labels[labels.As<long>()[i]], new ListValue(box));
            entry.Add(Score, new DoubleValue(scores.As<float>()[i]));
            kept.Add(entry.ToValue());
        }

        return new ListValue(kept);
    }

    private static Tensor Part(DictValue detections, string name, int rank, Func<DType, bool> allowed) =>
        RequestBody.Find(detections, name) is Tensor tensor && tensor.Shape.Length == rank && allowed(tensor.DType)
            ? tensor
            : throw Wrong($"detections without fitting '{name}'");

    private static ServingException Wrong(string found) => new(ServingError.ModelFailed,
        $"handler 'object_detector' takes a list of {{\"boxes\": float32 [n, 4], \"labels\": int64 [n], \"scores\": float32 [n]}}, but the model returned {found}");
}
