using Granary.Torch;

namespace Granary.Serving.Formats.Pickles.Sklearn;

/// <summary>The pairs (i, j), i less than j, of classes in libsvm's order, and tensors that lead from pairs to classes and back.</summary>
internal sealed class ClassPairs
{
    private readonly (int I, int J)[] _pairs;
    private readonly int _classes;

    public ClassPairs(int classes)
    {
        _classes = classes;
        _pairs = [.. Enumerable.Range(0, classes).SelectMany(i => Enumerable.Range(i + 1, classes - i - 1).Select(j => (i, j)))];
    }

    public int Count => _pairs.Length;

    public IEnumerable<KeyValuePair<string, Tensor>> Buffers(DType dtype, bool hasProbability)
    {
        // Two classes are one pair and need none of this.
        if (_classes == 2)
            return [];
        var first = Indicator(pair => pair.I);
        var second = Indicator(pair => pair.J);
        return
        [
            Index("first_part", pair => (pair.I * (_classes - 1)) + pair.J - 1),
            Index("second_part", pair => (pair.J * (_classes - 1)) + pair.I),
            new("first_class", Floats(dtype, [Count, _classes], first)),
            new("second_class", Floats(dtype, [Count, _classes], second)),
            .. hasProbability ? Matrix(dtype) : [],
        ];
    }

    /// <summary>For every cell (i, j) of a matrix of classes: its pair, and p = <c>offset + sign * p(pair)</c>.</summary>
    private IEnumerable<KeyValuePair<string, Tensor>> Matrix(DType dtype)
    {
        var cell = new long[_classes * _classes];
        var sign = new double[cell.Length];
        var offset = new double[cell.Length];
        for (var pair = 0; pair < Count; pair++)
        {
            var (i, j) = _pairs[pair];
            cell[(i * _classes) + j] = cell[(j * _classes) + i] = pair;
            (sign[(i * _classes) + j], sign[(j * _classes) + i], offset[(j * _classes) + i]) = (1, -1, 1);
        }

        var one = new double[cell.Length];
        for (var i = 0; i < _classes; i++)
            one[(i * _classes) + i] = 1;
        return
        [
            new("one", Floats(dtype, [_classes, _classes], one)),
            new("cell_pair", Tensor.From<long>(DType.Int64, [cell.Length], cell)),
            new("cell_sign", Floats(dtype, [cell.Length], sign)),
            new("cell_offset", Floats(dtype, [cell.Length], offset)),
        ];
    }

    private KeyValuePair<string, Tensor> Index(string name, Func<(int I, int J), int> of) =>
        new(name, Tensor.From<long>(DType.Int64, [Count], _pairs.Select(pair => (long)of(pair)).ToArray()));

    private double[] Indicator(Func<(int I, int J), int> of)
    {
        var values = new double[Count * _classes];
        for (var pair = 0; pair < Count; pair++)
            values[(pair * _classes) + of(_pairs[pair])] = 1;
        return values;
    }

    private static Tensor Floats(DType dtype, ReadOnlySpan<long> shape, double[] values) =>
        dtype == DType.Float64 ? Tensor.From<double>(dtype, shape, values) : Tensor.From<float>(DType.Float32, shape, Array.ConvertAll(values, value => (float)value));
}
