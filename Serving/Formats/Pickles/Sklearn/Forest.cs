using Granary.Torch;

namespace Granary.Serving.Formats.Pickles.Sklearn;

/// <summary>Decision trees that are walked down side by side, all rows and all trees one level at a time.</summary>
internal sealed class Forest
{
    /// <summary>
    /// The node that each row reaches in each tree, [rows * trees], the trees of a row beside each other. Comparisons are exactly
    /// those of sk2torch: the feature as it comes against the threshold, so NaN goes left.
    /// </summary>
    public const string Source = """
        def _leaves(self, x: Tensor) -> Tensor:
            assert x.dim() == 2 and x.size(1) > self.last_feature, "the input must have the shape [rows, features] with as many features as the model was trained on"
            rows = x.size(0)
            node = self.roots.repeat(rows)
            for level in range(self.depth):
                feature = self.feature.index_select(0, node).view(rows, self.trees)
                right = x.gather(1, feature).view(-1) > self.threshold.index_select(0, node)
                node = self.children.index_select(0, node * 2 + right)
            return node


        """;

    /// <summary>So that every tensor stays far below 2 GiB.</summary>
    private const int MaxNodes = 1 << 26;

    private readonly List<long> _roots = [];
    private readonly List<long> _feature = [];
    private readonly List<long> _children = [];
    private readonly List<double> _threshold = [];
    private int _depth;

    /// <summary>Trees so far.</summary>
    public int Count => _roots.Count;

    /// <summary>Nodes so far; the next tree's begin here.</summary>
    public int Nodes => _feature.Count;

    /// <summary>Adds a tree behind the others; its branches come first, then its leaves in the order of the file.</summary>
    /// <returns>Its values, [leaves, outputs, classes].</returns>
    public Tensor Add(SklearnFields fields)
    {
        var value = fields.Floats("value", SklearnFields.Any, SklearnFields.Any, SklearnFields.Any);
        if (value.ElementCount == 0)
            throw fields.Refuse("value", "is empty");
        var threshold = fields.Floats("threshold", SklearnFields.Any);
        if (Nodes + value.ElementCount + threshold.ElementCount > MaxNodes)
            throw fields.Refuse("value", $"makes the model larger than {MaxNodes} nodes");
        var shape = TreeShape.Read(fields, (int)value.Shape[0], (int)threshold.Shape[0]);
        var first = Nodes;
        _roots.Add(first + shape.Root);
        foreach (var child in shape.Children)
            _children.Add(first + child);
        AddBranches(fields, threshold);
        // Leaves compare the first feature with anything: both of their children are they themselves.
        _feature.AddRange(new long[value.Shape[0]]);
        _threshold.AddRange(new double[value.Shape[0]]);
        _depth = Math.Max(_depth, shape.Depth);
        return value;
    }

    public KeyValuePair<string, Tensor>[] Buffers =>
    [
        new("roots", Tensor.From<long>(DType.Int64, [Count], _roots.ToArray())),
        new("children", Tensor.From<long>(DType.Int64, [_children.Count], _children.ToArray())),
        new("feature", Tensor.From<long>(DType.Int64, [Nodes], _feature.ToArray())),
        new("threshold", Tensor.From<double>(DType.Float64, [Nodes], _threshold.ToArray())),
    ];

    public KeyValuePair<string, Value>[] Attributes =>
    [
        new("trees", new IntValue(Count)),
        new("depth", new IntValue(_depth)),
        new("last_feature", new IntValue(_feature.Max())),
    ];

    private void AddBranches(SklearnFields fields, Tensor threshold)
    {
        var feature = fields.Shaped("feature", threshold.Shape[0]);
        if (feature.DType != DType.Int64)
            throw fields.Refuse("feature", $"has dtype {feature.DType.TorchName()}, but must be int64");
        if (threshold.DType != DType.Float64)
            throw fields.Refuse("threshold", $"has dtype {threshold.DType.TorchName()}, but must be float64");
        foreach (var index in feature.As<long>())
            _feature.Add(index >= 0 ? index : throw fields.Refuse("feature", $"holds {index}, but must hold column numbers"));
        _threshold.AddRange(threshold.As<double>());
    }
}
