using Granary.Torch;

namespace Granary.Serving.Handlers.TorchServe;

/// <summary>
/// TorchServe's <c>image_segmenter</c>: a picture in, the best class and its chance for each pixel out, as a float tensor
/// <c>[height, width, 2]</c>. The model returns <c>{"out": [rows, classes, height, width]}</c>, or that tensor. Source:
/// <c>ts/torch_handler/image_segmenter.py</c>. Arguments of other protocols pass as they are.
/// </summary>
internal sealed class ImageSegmenter(HandlerParameters parameters) : IHandler
{
    private readonly ImageReader _reader = ImageReader.OfImageNet(parameters);

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
        var scores = (result is DictValue dict ? RequestBody.Find(dict, "out") : result) as Tensor;
        if (scores is not { Shape.Length: 4, DType: DType.Float32 or DType.Float64 })
        {
            throw new ServingException(ServingError.ModelFailed,
                "handler 'image_segmenter' takes {\"out\": a float tensor [rows, classes, height, width]}, but the model returned "
                + (scores is null ? $"a {result.Kind}" : $"a {scores.DType.TorchName()} tensor of shape [{string.Join(',', scores.Shape.ToArray())}]"));
        }

        var shape = scores.Shape;
        var isRow = note == RequestBody.OneRow && shape[0] == 1;
        var answer = Tensor.Rent(scores.DType, isRow ? [shape[2], shape[3], 2] : [shape[0], shape[2], shape[3], 2]);
        var pixels = checked((int)(shape[2] * shape[3]));
        for (var row = 0; row < shape[0]; row++)
        {
            if (scores.DType == DType.Float32)
                Classify<float>(scores.As<float>(), answer.As<float>(), row, (int)shape[1], pixels);
            else
                Classify<double>(scores.As<double>(), answer.As<double>(), row, (int)shape[1], pixels);
        }

        return answer;
    }

    private static void Classify<T>(ReadOnlySpan<T> scores, Span<T> answer, int row, int classes, int pixels)
        where T : unmanaged, System.Numerics.IBinaryFloatingPointIeee754<T>
    {
        scores = scores.Slice(row * classes * pixels, classes * pixels);
        answer = answer.Slice(row * pixels * 2, pixels * 2);
        for (var pixel = 0; pixel < pixels; pixel++)
        {
            var best = 0;
            for (var c = 1; c < classes; c++)
            {
                if (scores[(c * pixels) + pixel] > scores[(best * pixels) + pixel])
                    best = c;
            }

            // Softmax of the largest score is one over the sum of the others' distances to it.
            var sum = 0.0;
            for (var c = 0; c < classes; c++)
                sum += Math.Exp(double.CreateTruncating(scores[(c * pixels) + pixel] - scores[(best * pixels) + pixel]));
            answer[2 * pixel] = T.CreateTruncating(best);
            answer[(2 * pixel) + 1] = T.CreateTruncating(1 / sum);
        }
    }
}
