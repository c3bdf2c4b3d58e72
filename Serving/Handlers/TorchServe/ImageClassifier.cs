using Granary.Torch;

namespace Granary.Serving.Handlers.TorchServe;

/// <summary>
/// TorchServe's <c>image_classifier</c>: a picture in, <c>{label: chance}</c> of the five best classes out, best first. Source:
/// <c>ts/torch_handler/image_classifier.py</c>, <c>vision_handler.py</c>. Arguments of other protocols pass as they are.
/// </summary>
internal sealed class ImageClassifier(HandlerParameters parameters) : IHandler
{
    private const int MostClasses = 1_000_000;
    private readonly ImageReader _reader = ImageReader.OfImageNet(parameters);
    private readonly ClassLabels _labels = ClassLabels.Read(parameters);
    private readonly int _count = parameters.Integer("topk", 5, 1, MostClasses);

    /// <inheritdoc/>
    public IReadOnlyList<Argument> Preprocess(IReadOnlyList<Argument> inputs, out object? note)
    {
        note = null;
        if (RequestBody.Of(inputs) is not { } body)
            return inputs;
        note = RequestBody.OneRow;
        return [new Argument(null, _reader.Read(body, asRow: true))];
    }

    /// <inheritdoc/>
    public Value Postprocess(Value result, object? note)
    {
        var rows = new FloatRows(result, HandlerNames.ImageClassifier);
        var isDouble = ((Tensor)result).DType == DType.Float64;
        var chances = new double[rows.Length];
        var answers = new Value[rows.Count];
        for (var i = 0; i < answers.Length; i++)
        {
            rows.Read(i, chances);
            Chances.Of(chances);
            answers[i] = Best(chances, isDouble);
        }

        return note == RequestBody.OneRow && answers.Length == 1 ? answers[0] : new ListValue(answers);
    }

    private DictValue Best(double[] chances, bool isDouble)
    {
        var order = new int[chances.Length];
        for (var i = 0; i < order.Length; i++)
            order[i] = i;
        order.AsSpan().Sort((left, right) => chances[right].CompareTo(chances[left]) is var compared and not 0 ? compared : left.CompareTo(right));
        var count = Math.Min(_count, order.Length);
        var answer = new LabelledScores(count);
        foreach (var index in order.AsSpan(0, count))
            answer.Add(_labels[index], new DoubleValue(isDouble ? chances[index] : (float)chances[index]));
        return answer.ToValue();
    }
}
