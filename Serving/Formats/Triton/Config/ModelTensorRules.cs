namespace Granary.Serving.Formats.Triton.Config;

/// <summary>Triton's rules for inputs and outputs.</summary>
internal static class ModelTensorRules
{
    private const long Any = -1;

    public static void Check(ModelConfig config, List<string> faults)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var input in config.Input)
        {
            CheckShape(config, "model input ", input.Name, input.DataType, input.Dims, input.Reshape, faults);
            if (input.Format != TensorFormat.None && input.Dims.Count != 3)
                faults.Add($"model input NHWC/NCHW require 3 dims for {config.Name}");
            CheckTensorRt(config, input.IsShapeTensor, input.IsNonLinearFormatIo, faults);
            if (input.Name.Length > 0 && !names.Add(input.Name))
                faults.Add($"model input '{input.Name}' is specified twice for {config.Name}");
        }

        names.Clear();
        foreach (var output in config.Output)
        {
            CheckShape(config, "model output ", output.Name, output.DataType, output.Dims, output.Reshape, faults);
            CheckTensorRt(config, output.IsShapeTensor, output.IsNonLinearFormatIo, faults);
            if (output.Name.Length > 0 && !names.Add(output.Name))
                faults.Add($"model output '{output.Name}' is specified twice for {config.Name}");
        }
    }

    private static void CheckShape(
        ModelConfig config, string prefix, string name, DataType type, IReadOnlyList<long> dims, ModelTensorReshape? reshape, List<string> faults)
    {
        void Add(string fault) => faults.Add($"{prefix}{(name.Length == 0 ? "" : $"'{name}' ")}{fault} for {config.Name}");
        if (name.Length == 0)
            Add("must specify 'name'");
        if (type == DataType.Invalid)
            Add("must specify 'data_type'");
        if (dims.Count == 0)
            Add("must specify 'dims'");
        if (dims.Any(static dim => dim is < 1 and not Any))
            Add("dimension must be integer >= 1, or -1 to indicate a variable-size dimension");
        else if (reshape is not null)
            CheckReshape(dims, reshape.Shape, config.MaxBatchSize, Add);
    }

    private static void CheckReshape(IReadOnlyList<long> dims, IReadOnlyList<long> shape, int maxBatchSize, Action<string> add)
    {
        if (shape.Count == 0 && maxBatchSize == 0)
            add("cannot have empty reshape for non-batching model as scalar tensors are not supported");
        if (shape.Any(static dim => dim is < 1 and not Any))
        {
            add("reshape dimensions must be integer >= 1, or -1 to indicate a variable-size dimension");
            return;
        }

        // Between two variable dimensions there must be as many elements before as after: [2, 4, -1, 6] may become [8, -1, 1, 6].
        var before = Counts(dims);
        var after = Counts(shape);
        if (before.Count != after.Count)
        {
            add(before.Count == 1 || after.Count == 1
                ? "has different size for dims and reshape"
                : "has different number of variable-size dimensions for dims and reshape");
        }
        else if (!before.SequenceEqual(after))
        {
            add("has different size for dims and reshape");
        }
    }

    private static List<Int128> Counts(IReadOnlyList<long> dims)
    {
        var counts = new List<Int128> { 1 };
        foreach (var dim in dims)
        {
            if (dim == Any)
                counts.Add(1);
            else
                counts[^1] = Int128.Min(counts[^1] * dim, long.MaxValue);
        }

        return counts;
    }

    private static void CheckTensorRt(ModelConfig config, bool isShapeTensor, bool isNonLinear, List<string> faults)
    {
        if (isShapeTensor)
            faults.Add($"shape tensors are only supported for TensorRT platform for {config.Name}");
        if (isNonLinear)
            faults.Add($"Non-linear IO format is only supported for the TensorRT platform for {config.Name}");
    }
}
