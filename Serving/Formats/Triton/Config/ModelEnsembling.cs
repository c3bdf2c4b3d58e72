namespace Granary.Serving.Formats.Triton.Config;

/// <summary>A chain of models whose tensors are joined by name.</summary>
[ProtoMessage("inference.ModelEnsembling")]
public sealed record ModelEnsembling
{
    /// <summary>The models.</summary>
    public IReadOnlyList<EnsembleStep> Step { get; init; } = [];

    /// <summary>Requests of one step at once; 0: any number.</summary>
    public uint MaxInflightRequests { get; init; }
}

/// <summary>One model of an ensemble.</summary>
[ProtoMessage("inference.ModelEnsembling.Step")]
public sealed record EnsembleStep
{
    /// <summary>Its name.</summary>
    public string ModelName { get; init; } = "";

    /// <summary>Its version; -1 for the newest.</summary>
    public long ModelVersion { get; init; }

    /// <summary>Inputs of the model to tensors of the ensemble.</summary>
    public IReadOnlyDictionary<string, string> InputMap { get; init; } = Empty<string>.Map;

    /// <summary>Outputs of the model to tensors of the ensemble.</summary>
    public IReadOnlyDictionary<string, string> OutputMap { get; init; } = Empty<string>.Map;

    /// <summary>The repository of the model, where names are not unique.</summary>
    public string ModelNamespace { get; init; } = "";
}
