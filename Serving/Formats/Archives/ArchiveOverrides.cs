using Granary.Serving.Models;

namespace Granary.Serving.Formats.Archives;

/// <summary>How an archive is to be served, as far as somebody says: <c>config.properties</c>, <c>model-config.yaml</c> or a management call.</summary>
public sealed record ArchiveOverrides
{
    /// <summary>The catalog name; null for the manifest's.</summary>
    public string? Name { get; init; }

    /// <summary>The version; null for the manifest's.</summary>
    public string? Version { get; init; }

    /// <summary>What the caller called the archive, for <c>describe</c>; null for its model id.</summary>
    public string? Url { get; init; }

    /// <summary>A handler of this server, or of TorchServe's by name, instead of the manifest's.</summary>
    public string? Handler { get; init; }

    /// <summary>Most requests of one call of the model.</summary>
    public int? BatchSize { get; init; }

    /// <summary>How long the first request of a batch waits for others.</summary>
    public TimeSpan? MaxBatchDelay { get; init; }

    /// <summary>Workers: calls that run at once. They share one copy of the model.</summary>
    public int? MinWorkers { get; init; }

    /// <summary>What <c>describe</c> shows as the upper bound.</summary>
    public int? MaxWorkers { get; init; }

    /// <summary>How long a call may take.</summary>
    public TimeSpan? ResponseTimeout { get; init; }

    /// <summary>How long a load may take.</summary>
    public TimeSpan? StartupTimeout { get; init; }

    /// <summary>How long a request may wait before it is started; zero for as long as it likes.</summary>
    public TimeSpan? ClientTimeout { get; init; }

    /// <summary>Requests that may wait.</summary>
    public int? JobQueueSize { get; init; }

    /// <summary><c>cpu</c>, <c>gpu</c> or another word of TorchServe.</summary>
    public string? DeviceType { get; init; }

    /// <summary>Numbers of GPUs; the first is used.</summary>
    public IReadOnlyList<int>? DeviceIds { get; init; }

    /// <summary>What the model takes, with the batch dimension; null where only its signature tells.</summary>
    public IReadOnlyList<TensorSpec>? Inputs { get; init; }

    /// <summary>Lower-case hex SHA-256 that the archive must have.</summary>
    public string? Sha256 { get; init; }

    /// <summary>The operator named this archive; see <see cref="ModelDefinition.Trusted"/>.</summary>
    public bool Trusted { get; init; }

    /// <summary>These, and where they say nothing the others.</summary>
    public ArchiveOverrides Over(ArchiveOverrides below) => new()
    {
        Name = Name ?? below.Name,
        Version = Version ?? below.Version,
        Url = Url ?? below.Url,
        Handler = Handler ?? below.Handler,
        BatchSize = BatchSize ?? below.BatchSize,
        MaxBatchDelay = MaxBatchDelay ?? below.MaxBatchDelay,
        MinWorkers = MinWorkers ?? below.MinWorkers,
        MaxWorkers = MaxWorkers ?? below.MaxWorkers,
        ResponseTimeout = ResponseTimeout ?? below.ResponseTimeout,
        StartupTimeout = StartupTimeout ?? below.StartupTimeout,
        ClientTimeout = ClientTimeout ?? below.ClientTimeout,
        JobQueueSize = JobQueueSize ?? below.JobQueueSize,
        DeviceType = DeviceType ?? below.DeviceType,
        DeviceIds = DeviceIds ?? below.DeviceIds,
        Inputs = Inputs ?? below.Inputs,
        Sha256 = Sha256 ?? below.Sha256,
        Trusted = Trusted || below.Trusted,
    };
}
