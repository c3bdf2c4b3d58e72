namespace Granary.Serving.Formats.Triton.Config;

/// <summary>A request that is made before the model is ready.</summary>
[ProtoMessage("inference.ModelWarmup")]
public sealed record ModelWarmup
{
    /// <summary>Name for people.</summary>
    public string Name { get; init; } = "";

    /// <summary>Rows; 0 for a model without a batch dimension.</summary>
    public uint BatchSize { get; init; }

    /// <summary>Its tensors by the names of the inputs.</summary>
    public IReadOnlyDictionary<string, WarmupInput> Inputs { get; init; } = Empty<WarmupInput>.Map;

    /// <summary>How often it is made; 0: once.</summary>
    public uint Count { get; init; }
}

/// <summary>One tensor of a warm-up.</summary>
[ProtoMessage("inference.ModelWarmup.Input")]
public sealed record WarmupInput
{
    /// <summary>Element type.</summary>
    public DataType DataType { get; init; }

    /// <summary>Sizes without the batch.</summary>
    public IReadOnlyList<long> Dims { get; init; } = [];

    /// <summary>Zeros.</summary>
    [OneOf("input_data_type")]
    public bool? ZeroData { get; init; }

    /// <summary>Random values.</summary>
    [OneOf("input_data_type")]
    public bool? RandomData { get; init; }

    /// <summary>A file below <c>warmup/</c> of the model's directory: raw elements.</summary>
    [OneOf("input_data_type")]
    public string? InputDataFile { get; init; }
}
