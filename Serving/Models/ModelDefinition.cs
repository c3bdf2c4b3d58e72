using System.Collections.ObjectModel;

namespace Granary.Serving.Models;

/// <summary>Immutable record of one model version: where its weights are and how it is served.</summary>
public sealed record ModelDefinition
{
    /// <summary>Catalog name; see <see cref="ModelNames"/> for what is allowed.</summary>
    public required string Name { get; init; }

    /// <summary>A whole number or several with points; see <see cref="ModelVersions"/>.</summary>
    public required string Version { get; init; }

    /// <summary>Where the weights are.</summary>
    public required ModelId Source { get; init; }

    /// <summary>Lower-case hex SHA-256 the weights must have; null to accept what the source vouches for.</summary>
    public string? Sha256 { get; init; }

    /// <summary>Input tensors by position; empty when unknown (the module's schema decides).</summary>
    public IReadOnlyList<TensorSpec> Inputs { get; init; } = [];

    /// <summary>Output tensors by position; empty when unknown.</summary>
    public IReadOnlyList<TensorSpec> Outputs { get; init; } = [];

    /// <summary><c>auto</c> (a GPU if there is one), <c>cpu</c> or <c>cuda:N</c>. Default <c>cpu</c>.</summary>
    public string Device { get; init; } = "cpu";

    /// <summary>
    /// Calls that may run at once. In a cluster they are spread over as many silos as there are suitable ones, at most one
    /// activation each. Default 0: one activation, as many calls as its host has cores. The one field that may change later:
    /// see <see cref="IModelCatalog.ScaleAsync"/>.
    /// </summary>
    public int Instances { get; init; }

    /// <summary>Requests that may wait before more are refused as overloaded. Default 1,000.</summary>
    public int MaxQueueSize { get; init; } = 1000;

    /// <summary>Joining of concurrent requests; off by default.</summary>
    public BatchingOptions Batching { get; init; } = new();

    /// <summary>Unload after this long without a request; null for the host's default; <see cref="Timeout.InfiniteTimeSpan"/> for never.</summary>
    public TimeSpan? IdleTimeout { get; init; }

    /// <summary>Never evicted for memory and never idle. Default false.</summary>
    public bool Pinned { get; init; }

    /// <summary>Run libtorch's <c>optimize_for_inference</c>; moves results by about 1e-7. Default false: the same bits everywhere.</summary>
    public bool Optimize { get; init; }

    /// <summary>Only TorchScript archives are accepted (<c>USE_JIT=true</c>). Default false.</summary>
    public bool RequireTorchScript { get; init; }

    /// <summary>The operator named this source at start, so a local path outside the roots is allowed. Never set from a request.</summary>
    public bool Trusted { get; init; }

    /// <summary>Memory on its device that the model needs once loaded, in bytes, for placement; null for an estimate from the file.</summary>
    public long? MemoryBytes { get; init; }

    /// <summary>Steps before and after <c>forward</c>: before it in this order, after it in the reverse. Default none.</summary>
    public IReadOnlyList<HandlerSpec> Handlers { get; init; } = [];

    /// <summary>
    /// Threads inside one operator of the model on the CPU. Default 0: as the process (<c>OMP_NUM_THREADS</c>, else 1). With more than
    /// one <see cref="Instances"/> is by default the number of cores divided by it.
    /// </summary>
    public int IntraOpThreads { get; init; }

    /// <summary>Answer requests that come again from the host's response cache, where it has one. Default false.</summary>
    public bool ResponseCache { get; init; }

    /// <summary>Free text for people; null when absent.</summary>
    public string? Description { get; init; }

    /// <summary>
    /// What whoever registered it keeps with it, by names with the owner in front (<c>triton.config</c>); the core reads none of it.
    /// Default empty.
    /// </summary>
    public IReadOnlyDictionary<string, string> Annotations { get; init; } = ReadOnlyDictionary<string, string>.Empty;

    /// <summary>Whether two definitions say the same, however their lists were made; how many instances run is left out.</summary>
    public bool SameContent(ModelDefinition other) => CatalogMapping.SameContent(this with { Instances = other.Instances }, other);

    /// <summary>The key of this version.</summary>
    public ModelKey Key => new(Name, Version);
}
