namespace Granary.Serving.Formats.Triton.Config;

/// <summary>One setting of the backend.</summary>
[ProtoMessage("inference.ModelParameter")]
public sealed record ModelParameter
{
    /// <summary>Its value.</summary>
    public string StringValue { get; init; } = "";
}

/// <summary>Libraries of custom operators.</summary>
[ProtoMessage("inference.ModelOperations")]
public sealed record ModelOperations
{
    /// <summary>Their files.</summary>
    public IReadOnlyList<string> OpLibraryFilename { get; init; } = [];
}

/// <summary>How many answers a request has.</summary>
[ProtoMessage("inference.ModelTransactionPolicy")]
public sealed record ModelTransactionPolicy
{
    /// <summary>Any number.</summary>
    public bool Decoupled { get; init; }
}

/// <summary>Programs that prepare a model.</summary>
[ProtoMessage("inference.ModelRepositoryAgents")]
public sealed record ModelRepositoryAgents
{
    /// <summary>In the order that they run.</summary>
    public IReadOnlyList<RepositoryAgent> Agents { get; init; } = [];
}

/// <summary>One of them.</summary>
[ProtoMessage("inference.ModelRepositoryAgents.Agent")]
public sealed record RepositoryAgent
{
    /// <summary>Its name.</summary>
    public string Name { get; init; } = "";

    /// <summary>Its settings.</summary>
    public IReadOnlyDictionary<string, string> Parameters { get; init; } = Empty<string>.Map;
}

/// <summary>Whether answers are kept.</summary>
[ProtoMessage("inference.ModelResponseCache")]
public sealed record ModelResponseCache
{
    /// <summary>They are.</summary>
    public bool Enable { get; init; }
}

/// <summary>What is measured.</summary>
[ProtoMessage("inference.ModelMetrics")]
public sealed record ModelMetrics
{
    /// <summary>One for each family.</summary>
    public IReadOnlyList<MetricControl> MetricControl { get; init; } = [];
}

/// <summary>How one family is measured.</summary>
[ProtoMessage("inference.ModelMetrics.MetricControl")]
public sealed record MetricControl
{
    /// <summary>Which.</summary>
    public MetricIdentifier? MetricIdentifier { get; init; }

    /// <summary>As a histogram.</summary>
    [OneOf("metric_options")]
    public HistogramOptions? HistogramOptions { get; init; }
}

/// <summary>Names a family.</summary>
[ProtoMessage("inference.ModelMetrics.MetricControl.MetricIdentifier")]
public sealed record MetricIdentifier
{
    /// <summary>Its name.</summary>
    public string Family { get; init; } = "";
}

/// <summary>A histogram.</summary>
[ProtoMessage("inference.ModelMetrics.MetricControl.HistogramOptions")]
public sealed record HistogramOptions
{
    /// <summary>Upper bounds.</summary>
    public IReadOnlyList<double> Buckets { get; init; } = [];
}
