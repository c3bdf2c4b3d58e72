using Granary.Serving;
using Granary.Torch;

namespace Granary.Api.OpenInference;

/// <summary>
/// The shapes that callers see of tensors whose configuration says <c>reshape</c>. Variable sizes of the one shape fill those of the
/// other in order. Source: Triton, <c>docs/user_guide/model_configuration.md</c>, "Reshape".
/// </summary>
internal static class Reshaping
{
    /// <summary>An input as the model wants it: the same elements, seen in another shape.</summary>
    public static Value ToModel(IReadOnlyList<long> dims, IReadOnlyList<long>? modelDims, Value value, bool batches) =>
        modelDims is not null && value is Tensor tensor ? View(tensor, Fill(tensor.Shape, dims, modelDims, batches)) : value;

    /// <summary>An output as the caller wants it.</summary>
    public static Tensor ToCaller(IReadOnlyList<long> dims, IReadOnlyList<long>? modelDims, Tensor tensor, bool batches) =>
        modelDims is not null ? View(tensor, Fill(tensor.Shape, modelDims, dims, batches)) : tensor;

    /// <summary>The same elements in another shape; owns nothing.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.ModelFailed"/>: the shape has another number of elements.</exception>
    public static Tensor View(Tensor tensor, long[] shape) => Tensor.CountElements(shape) == tensor.ElementCount
        ? new Tensor(tensor.DType, shape, tensor.Data, owner: null)
        : throw new ServingException(ServingError.ModelFailed, $"a tensor of shape [{string.Join(',', tensor.Shape.ToArray())}] cannot be seen as [{string.Join(',', shape)}], as the configuration's 'reshape' says");

    private static long[] Fill(ReadOnlySpan<long> actual, IReadOnlyList<long> from, IReadOnlyList<long> to, bool batches)
    {
        var skip = batches ? 1 : 0;
        var shape = new long[to.Count + skip];
        if (batches && actual.Length > 0)
            shape[0] = actual[0];
        var next = 0;
        for (var i = 0; i < to.Count; i++)
        {
            if (to[i] != -1)
            {
                shape[i + skip] = to[i];
                continue;
            }

            while (next < from.Count && from[next] != -1)
                next++;
            shape[i + skip] = next + skip < actual.Length ? actual[next + skip] : 0;
            next++;
        }

        return shape;
    }
}
