namespace Granary.Serving.Formats.Triton.Config;

/// <summary>
/// A model's configuration as <c>config.pbtxt</c> holds it: Triton's <c>ModelConfig</c>, every field of it, in the order of
/// <see href="https://github.com/triton-inference-server/common/blob/main/protobuf/model_config.proto"/>.
/// </summary>
[ProtoMessage("inference.ModelConfig")]
public sealed record ModelConfig
{
    /// <summary>Must be the name of the model's directory; empty means that.</summary>
    public string Name { get; init; } = "";

    /// <summary><c>pytorch_libtorch</c>, or <c>ensemble</c>.</summary>
    public string Platform { get; init; } = "";

    /// <summary><c>pytorch</c>.</summary>
    public string Backend { get; init; } = "";

    /// <summary>Library of a backend; not used here.</summary>
    public string Runtime { get; init; } = "";

    /// <summary>Which versions are served; null: the newest.</summary>
    public ModelVersionPolicy? VersionPolicy { get; init; }

    /// <summary>Most rows of one execution; 0: the model has no batch dimension.</summary>
    public int MaxBatchSize { get; init; }

    /// <summary>Inputs, in the order of the configuration.</summary>
    public IReadOnlyList<ModelInput> Input { get; init; } = [];

    /// <summary>Outputs, in the order of the configuration.</summary>
    public IReadOnlyList<ModelOutput> Output { get; init; } = [];

    /// <summary>Inputs made from a batch; refused.</summary>
    public IReadOnlyList<BatchInput> BatchInput { get; init; } = [];

    /// <summary>Outputs spread over a batch; refused.</summary>
    public IReadOnlyList<BatchOutput> BatchOutput { get; init; } = [];

    /// <summary>Settings of other backends and of GPU memory; ignored.</summary>
    public ModelOptimizationPolicy? Optimization { get; init; }

    /// <summary>Joining of concurrent requests.</summary>
    [OneOf("scheduling_choice")]
    public ModelDynamicBatching? DynamicBatching { get; init; }

    /// <summary>Requests that belong together; refused.</summary>
    [OneOf("scheduling_choice")]
    public ModelSequenceBatching? SequenceBatching { get; init; }

    /// <summary>A chain of models.</summary>
    [OneOf("scheduling_choice")]
    public ModelEnsembling? EnsembleScheduling { get; init; }

    /// <summary>How many executions may run at once, and where.</summary>
    public IReadOnlyList<ModelInstanceGroup> InstanceGroup { get; init; } = [];

    /// <summary>The file in a version's directory; empty: <c>model.pt</c>.</summary>
    public string DefaultModelFilename { get; init; } = "";

    /// <summary>Files by CUDA compute capability; ignored.</summary>
    public IReadOnlyDictionary<string, string> CcModelFilenames { get; init; } = Empty<string>.Map;

    /// <summary>Labels of the model's metrics.</summary>
    public IReadOnlyDictionary<string, string> MetricTags { get; init; } = Empty<string>.Map;

    /// <summary>Settings of the backend.</summary>
    public IReadOnlyDictionary<string, ModelParameter> Parameters { get; init; } = Empty<ModelParameter>.Map;

    /// <summary>Requests that are made before the model is ready.</summary>
    public IReadOnlyList<ModelWarmup> ModelWarmup { get; init; } = [];

    /// <summary>Libraries of custom operators; ignored.</summary>
    public ModelOperations? ModelOperations { get; init; }

    /// <summary>Whether one request may have several answers; a TorchScript model has one.</summary>
    public ModelTransactionPolicy? ModelTransactionPolicy { get; init; }

    /// <summary>Programs that prepare a model; refused.</summary>
    public ModelRepositoryAgents? ModelRepositoryAgents { get; init; }

    /// <summary>Whether answers are kept.</summary>
    public ModelResponseCache? ResponseCache { get; init; }

    /// <summary>Buckets of histograms; ignored.</summary>
    public ModelMetrics? ModelMetrics { get; init; }

    /// <summary>Whether the first dimension of every tensor is the batch.</summary>
    public bool HasBatchDimension => MaxBatchSize > 0;
}

/// <summary>Maps without entries.</summary>
internal static class Empty<T>
{
    public static readonly IReadOnlyDictionary<string, T> Map = new Dictionary<string, T>();
}
