namespace Granary.Serving.Formats.Triton.Config;

/// <summary>Hint for the layout of an image.</summary>
[ProtoEnum("FORMAT_")]
public enum TensorFormat
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>Height, width, channels.</summary>
    Nhwc = 1,

    /// <summary>Channels, height, width.</summary>
    Nchw = 2,
}

/// <summary>The shape that the model itself sees, when it differs from that of requests.</summary>
[ProtoMessage("inference.ModelTensorReshape")]
public sealed record ModelTensorReshape
{
    /// <summary>Sizes without the batch; -1 for any.</summary>
    public IReadOnlyList<long> Shape { get; init; } = [];
}

/// <summary>One input.</summary>
[ProtoMessage("inference.ModelInput")]
public sealed record ModelInput
{
    /// <summary>Name in requests.</summary>
    public string Name { get; init; } = "";

    /// <summary>Element type.</summary>
    public DataType DataType { get; init; }

    /// <summary>Layout of an image.</summary>
    public TensorFormat Format { get; init; }

    /// <summary>Sizes without the batch; -1 for any.</summary>
    public IReadOnlyList<long> Dims { get; init; } = [];

    /// <summary>What the model sees instead of <see cref="Dims"/>.</summary>
    public ModelTensorReshape? Reshape { get; init; }

    /// <summary>TensorRT only.</summary>
    public bool IsShapeTensor { get; init; }

    /// <summary>Whether requests of different shape may share a batch; refused.</summary>
    public bool AllowRaggedBatch { get; init; }

    /// <summary>Whether requests may leave it out.</summary>
    public bool Optional { get; init; }

    /// <summary>TensorRT only.</summary>
    public bool IsNonLinearFormatIo { get; init; }
}

/// <summary>One output.</summary>
[ProtoMessage("inference.ModelOutput")]
public sealed record ModelOutput
{
    /// <summary>Name in answers.</summary>
    public string Name { get; init; } = "";

    /// <summary>Element type.</summary>
    public DataType DataType { get; init; }

    /// <summary>Sizes without the batch; -1 for any.</summary>
    public IReadOnlyList<long> Dims { get; init; } = [];

    /// <summary>What the model gives instead of <see cref="Dims"/>.</summary>
    public ModelTensorReshape? Reshape { get; init; }

    /// <summary>File in the model's directory with one label a line; empty for none.</summary>
    public string LabelFilename { get; init; } = "";

    /// <summary>TensorRT only.</summary>
    public bool IsShapeTensor { get; init; }

    /// <summary>TensorRT only.</summary>
    public bool IsNonLinearFormatIo { get; init; }
}

/// <summary>What a <see cref="BatchInput"/> holds.</summary>
[ProtoEnum]
public enum BatchInputKind
{
    /// <summary>Elements of each request.</summary>
    BatchElementCount = 0,

    /// <summary>Running sum of elements.</summary>
    BatchAccumulatedElementCount = 1,

    /// <summary>The same, beginning with 0.</summary>
    BatchAccumulatedElementCountWithZero = 2,

    /// <summary>The largest count, as a shape.</summary>
    BatchMaxElementCountAsShape = 3,

    /// <summary>The shape of each request.</summary>
    BatchItemShape = 4,

    /// <summary>The same, flat.</summary>
    BatchItemShapeFlatten = 5,
}

/// <summary>An input made from a batch.</summary>
[ProtoMessage("inference.BatchInput")]
public sealed record BatchInput
{
    /// <summary>What it holds.</summary>
    public BatchInputKind Kind { get; init; }

    /// <summary>Names in the model.</summary>
    public IReadOnlyList<string> TargetName { get; init; } = [];

    /// <summary>Element type.</summary>
    public DataType DataType { get; init; }

    /// <summary>Inputs that it is made from.</summary>
    public IReadOnlyList<string> SourceInput { get; init; } = [];
}

/// <summary>How a <see cref="BatchOutput"/> is spread.</summary>
[ProtoEnum]
public enum BatchOutputKind
{
    /// <summary>By the shapes of an input.</summary>
    BatchScatterWithInputShape = 0,
}

/// <summary>An output spread over a batch.</summary>
[ProtoMessage("inference.BatchOutput")]
public sealed record BatchOutput
{
    /// <summary>Names in the model.</summary>
    public IReadOnlyList<string> TargetName { get; init; } = [];

    /// <summary>How it is spread.</summary>
    public BatchOutputKind Kind { get; init; }

    /// <summary>Inputs that say how.</summary>
    public IReadOnlyList<string> SourceInput { get; init; } = [];
}
