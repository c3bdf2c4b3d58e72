using System.Globalization;
using System.Numerics;
using Granary.Serving;
using Granary.Serving.Formats.Triton.Naming;
using Granary.Torch;

namespace Granary.Api.OpenInference;

/// <summary>
/// The best classes of an output as texts <c>value:index[:label]</c>, the best first. Floats have six decimals, as C++'s
/// <c>std::to_string</c> writes them. Source: Triton, <c>docs/protocol/extension_classification.md</c>.
/// </summary>
internal static class Classification
{
    /// <summary>Names the best classes of each row.</summary>
    /// <param name="name">The output's name.</param>
    /// <param name="tensor">The numbers: classes in the last dimensions, the batch in the first when the model batches.</param>
    /// <param name="classes">How many are wanted a row; fewer when there are fewer.</param>
    /// <param name="batches">Whether the first dimension is the batch.</param>
    /// <param name="labels">Names of the classes by index; empty for none.</param>
    /// <param name="binary">Whether the texts go out in binary form.</param>
    /// <exception cref="ServingException">The dtype has no order that the protocol knows.</exception>
    public static V2ResultOutput Of(string name, Tensor tensor, int classes, bool batches, IReadOnlyList<string> labels, bool binary)
    {
        var rows = batches && tensor.Shape.Length > 0 ? tensor.Shape[0] : 1;
        var width = rows == 0 ? 0 : (int)(tensor.ElementCount / rows);
        var count = Math.Min(classes, width);
        var texts = new List<string>((int)rows * count);
        for (var row = 0; row < rows; row++)
            Add(texts, name, tensor, row * width, width, count, labels);
        return V2ResultOutput.Of(name, texts, batches ? [rows, count] : [count], binary);
    }

    private static void Add(List<string> texts, string name, Tensor tensor, int start, int width, int count, IReadOnlyList<string> labels)
    {
        switch (tensor.DType)
        {
            case DType.Float32: AddFloats<float>(texts, tensor, start, width, count, labels); break;
            case DType.Float64: AddFloats<double>(texts, tensor, start, width, count, labels); break;
            case DType.UInt8: AddWhole<byte>(texts, tensor, start, width, count, labels); break;
            case DType.UInt16: AddWhole<ushort>(texts, tensor, start, width, count, labels); break;
            case DType.UInt32: AddWhole<uint>(texts, tensor, start, width, count, labels); break;
            case DType.UInt64: AddWhole<ulong>(texts, tensor, start, width, count, labels); break;
            case DType.Int8: AddWhole<sbyte>(texts, tensor, start, width, count, labels); break;
            case DType.Int16: AddWhole<short>(texts, tensor, start, width, count, labels); break;
            case DType.Int32: AddWhole<int>(texts, tensor, start, width, count, labels); break;
            case DType.Int64: AddWhole<long>(texts, tensor, start, width, count, labels); break;
            default: throw new ServingException(ServingError.InvalidArgument, $"class result not available for output '{name}' due to unsupported type '{DataTypes.Of(tensor.DType).WireName()}'");
        }
    }

    private static void AddFloats<T>(List<string> texts, Tensor tensor, int start, int width, int count, IReadOnlyList<string> labels)
        where T : unmanaged, IFloatingPoint<T> =>
        Add<T>(texts, tensor, start, width, count, labels, "F6");

    private static void AddWhole<T>(List<string> texts, Tensor tensor, int start, int width, int count, IReadOnlyList<string> labels)
        where T : unmanaged, IBinaryInteger<T> =>
        Add<T>(texts, tensor, start, width, count, labels, "D");

    private static void Add<T>(List<string> texts, Tensor tensor, int start, int width, int count, IReadOnlyList<string> labels, string format)
        where T : unmanaged, INumber<T>
    {
        var values = tensor.As<T>().Slice(start, width);
        var order = new int[width];
        for (var i = 0; i < width; i++)
            order[i] = i;
        // Equal values keep their order, so that the answer is always the same.
        Array.Sort(order, new BestFirst<T>(values.ToArray()));
        foreach (var index in order.AsSpan(0, count))
        {
            var text = $"{values[index].ToString(format, CultureInfo.InvariantCulture)}:{index}";
            texts.Add(index < labels.Count && labels[index].Length > 0 ? $"{text}:{labels[index]}" : text);
        }
    }

    private sealed class BestFirst<T>(T[] values) : IComparer<int>
        where T : INumber<T>
    {
        public int Compare(int x, int y)
        {
            var order = values[y].CompareTo(values[x]);
            return order != 0 ? order : x.CompareTo(y);
        }
    }
}
