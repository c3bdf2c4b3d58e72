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

    /// <summary>How many pairs so many classes have.</summary>
    public static long Count(long classes) => checked(classes * (classes - 1) / 2);

    /// <summary>For every pair: its classes and the columns of <c>parts</c> in which their support vectors' share of it is.</summary>
    public KeyValuePair<string, Tensor>[] Indices() =>
    [
        Index("first_class", pair => pair.I),
        Index("second_class", pair => pair.J),
        Index("first_part", pair => (pair.I * (_classes - 1)) + pair.J - 1),
        Index("second_part", pair => (pair.J * (_classes - 1)) + pair.I),
    ];

    /// <summary>For every cell (i, j) of a matrix of classes: its pair, and p = <c>offset + sign * p(pair)</c>; and a unit matrix.</summary>
    public KeyValuePair<string, Tensor>[] Matrix(DType dtype)
    {
        var cell = new long[_classes * _classes];
        var (sign, offset, one) = (new double[cell.Length], new double[cell.Length], new double[cell.Length]);
        for (var pair = 0; pair < _pairs.Length; pair++)
        {
            var (upper, lower) = ((_pairs[pair].I * _classes) + _pairs[pair].J, (_pairs[pair].J * _classes) + _pairs[pair].I);
            cell[upper] = cell[lower] = pair;
            (sign[upper], sign[lower], offset[lower]) = (1, -1, 1);
        }

        for (var i = 0; i < cell.Length; i += _classes + 1)
            one[i] = 1;
        return
        [
            new("cell_pair", Tensor.From<long>(DType.Int64, [cell.Length], cell)),
            new("cell_sign", Floats(dtype, sign)),
            new("cell_offset", Floats(dtype, offset)),
            new("one", Floats(dtype, one, _classes)),
        ];
    }

    private KeyValuePair<string, Tensor> Index(string name, Func<(int I, int J), int> of) =>
        new(name, Tensor.From<long>(DType.Int64, [_pairs.Length], _pairs.Select(pair => (long)of(pair)).ToArray()));

    private static Tensor Floats(DType dtype, double[] values, int columns = 1)
    {
        long[] shape = columns == 1 ? [values.Length] : [values.Length / columns, columns];
        return dtype == DType.Float64 ? Tensor.From<double>(dtype, shape, values) : Tensor.From<float>(DType.Float32, shape, Array.ConvertAll(values, value => (float)value));
    }
}
