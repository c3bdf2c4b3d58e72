using Granary.Torch;

namespace Granary.Serving.Handlers;

/// <summary>Scores to chances: the softmax over the last dimension. float64 stays, every other floating dtype becomes float32.</summary>
internal sealed class SoftmaxHandler : IHandler
{
    /// <inheritdoc/>
    public Value Postprocess(Value result)
    {
        var rows = new FloatRows(result, "softmax");
        var tensor = (Tensor)result;
        var isDouble = tensor.DType == DType.Float64;
        var answer = Tensor.Rent(isDouble ? DType.Float64 : DType.Float32, tensor.Shape);
        var row = new double[rows.Length];
        for (var i = 0; i < rows.Count; i++)
        {
            rows.Read(i, row);
            Chances.Of(row);
            var start = i * row.Length;
            for (var j = 0; j < row.Length; j++)
            {
                if (isDouble)
                    answer.As<double>()[start + j] = row[j];
                else
                    answer.As<float>()[start + j] = (float)row[j];
            }
        }

        return answer;
    }
}
