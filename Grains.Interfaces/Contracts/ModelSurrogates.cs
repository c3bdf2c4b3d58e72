using Granary.Torch;

namespace Granary.Grains.Interfaces.Contracts;

// The wire forms of the core's records. Ids are for ever: add at the end, never renumber; a test holds a snapshot of them.

/// <summary>Wire form of <see cref="ModelKey"/>.</summary>
[GenerateSerializer, Immutable, Alias("granary.ModelKey")]
internal readonly record struct ModelKeySurrogate([property: Id(0)] string Name, [property: Id(1)] string Version);

/// <summary>Wire form of <see cref="ModelId"/>: its canonical text.</summary>
[GenerateSerializer, Immutable, Alias("granary.ModelId")]
internal readonly record struct ModelIdSurrogate([property: Id(0)] string Text);

/// <summary>Wire form of <see cref="TensorSpec"/>.</summary>
[GenerateSerializer, Immutable, Alias("granary.TensorSpec")]
internal readonly record struct TensorSpecSurrogate([property: Id(0)] string Name, [property: Id(1)] byte DType, [property: Id(2)] long[] Shape, [property: Id(3)] string[]? Labels);

/// <summary>Wire form of <see cref="HandlerSpec"/>.</summary>
[GenerateSerializer, Immutable, Alias("granary.HandlerSpec")]
internal readonly record struct HandlerSpecSurrogate([property: Id(0)] string Name, [property: Id(1)] Dictionary<string, string> Parameters);

/// <summary>Wire form of <see cref="BatchingOptions"/>.</summary>
[GenerateSerializer, Immutable, Alias("granary.BatchingOptions")]
internal record struct BatchingOptionsSurrogate
{
    [Id(0)] public int MaxBatchSize;
    [Id(1)] public TimeSpan MaxQueueDelay;
    [Id(2)] public int[]? PreferredSizes;
    [Id(3)] public bool PreserveOrder;
    [Id(4)] public int Priorities;
    [Id(5)] public int DefaultPriority;
    [Id(6)] public QueuePolicy? Queue;
    [Id(7)] public Dictionary<int, QueuePolicy>? PriorityQueues;
}

/// <summary>Wire form of <see cref="QueuePolicy"/>.</summary>
[GenerateSerializer, Immutable, Alias("granary.QueuePolicy")]
internal readonly record struct QueuePolicySurrogate(
    [property: Id(0)] QueueTimeoutAction TimeoutAction,
    [property: Id(1)] TimeSpan Timeout,
    [property: Id(2)] bool AllowTimeoutOverride,
    [property: Id(3)] int MaxQueueSize);

/// <summary>Wire form of <see cref="ModelDefinition"/>.</summary>
[GenerateSerializer, Immutable, Alias("granary.ModelDefinition")]
internal record struct ModelDefinitionSurrogate
{
    [Id(0)] public string Name;
    [Id(1)] public string Version;
    [Id(2)] public ModelId Source;
    [Id(3)] public string? Sha256;
    [Id(4)] public TensorSpec[] Inputs;
    [Id(5)] public TensorSpec[] Outputs;
    [Id(6)] public string Device;
    [Id(7)] public int Instances;
    [Id(8)] public int MaxQueueSize;
    [Id(9)] public BatchingOptions Batching;
    [Id(10)] public TimeSpan? IdleTimeout;
    [Id(11)] public bool Pinned;
    [Id(12)] public bool Optimize;
    [Id(13)] public bool RequireTorchScript;
    [Id(14)] public bool Trusted;
    [Id(15)] public string? Description;
    [Id(16)] public long? MemoryBytes;
    [Id(17)] public Dictionary<string, string>? Annotations;
    [Id(18)] public HandlerSpec[]? Handlers;
    [Id(19)] public int IntraOpThreads;
    [Id(20)] public bool ResponseCache;
}

/// <summary>Wire form of <see cref="CatalogModel"/>.</summary>
[GenerateSerializer, Immutable, Alias("granary.CatalogModel")]
internal readonly record struct CatalogModelSurrogate([property: Id(0)] string Name, [property: Id(1)] string DefaultVersion, [property: Id(2)] ModelDefinition[] Versions);

/// <summary>Wire form of <see cref="ArgumentSchema"/>.</summary>
[GenerateSerializer, Immutable, Alias("granary.ArgumentSchema")]
internal readonly record struct ArgumentSchemaSurrogate([property: Id(0)] string Name, [property: Id(1)] string Type, [property: Id(2)] bool HasDefault, [property: Id(3)] string? Default);

/// <summary>Wire form of <see cref="MethodSchema"/>.</summary>
[GenerateSerializer, Immutable, Alias("granary.MethodSchema")]
internal readonly record struct MethodSchemaSurrogate([property: Id(0)] string Name, [property: Id(1)] ArgumentSchema[] Arguments, [property: Id(2)] string ReturnType, [property: Id(3)] NamedTupleSchema[]? NamedTuples);

/// <summary>Wire form of <see cref="NamedTupleSchema"/>.</summary>
[GenerateSerializer, Immutable, Alias("granary.NamedTupleSchema")]
internal readonly record struct NamedTupleSchemaSurrogate([property: Id(0)] string Name, [property: Id(1)] ArgumentSchema[] Fields);

/// <summary>Wire form of <see cref="ModelStatistics"/>.</summary>
[GenerateSerializer, Immutable, Alias("granary.ModelStatistics")]
internal record struct ModelStatisticsSurrogate
{
    [Id(0)] public long Succeeded;
    [Id(1)] public long Failed;
    [Id(2)] public long Rows;
    [Id(3)] public long Executions;
    [Id(4)] public long Loads;
    [Id(5)] public TimeSpan QueueTime;
    [Id(6)] public TimeSpan ComputeTime;
    [Id(7)] public TimeSpan SuccessTime;
    [Id(8)] public TimeSpan FailureTime;
    [Id(9)] public TimeSpan InputTime;
    [Id(10)] public TimeSpan OutputTime;
    [Id(11)] public long CacheHits;
    [Id(12)] public TimeSpan CacheHitTime;
    [Id(13)] public long CacheMisses;
    [Id(14)] public TimeSpan CacheMissTime;
    [Id(15)] public DateTimeOffset? LastAnswerAt;
    [Id(16)] public BatchStatistics[]? Batches;
}

/// <summary>Wire form of <see cref="BatchStatistics"/>.</summary>
[GenerateSerializer, Immutable, Alias("granary.BatchStatistics")]
internal readonly record struct BatchStatisticsSurrogate(
    [property: Id(0)] int Size,
    [property: Id(1)] long Executions,
    [property: Id(2)] TimeSpan InputTime,
    [property: Id(3)] TimeSpan ComputeTime,
    [property: Id(4)] TimeSpan OutputTime);

/// <summary>Wire form of <see cref="ModelStatus"/>.</summary>
[GenerateSerializer, Immutable, Alias("granary.ModelStatus")]
internal record struct ModelStatusSurrogate
{
    [Id(0)] public ModelKey Key;
    [Id(1)] public ModelState State;
    [Id(2)] public string? Reason;
    [Id(3)] public string? Device;
    [Id(4)] public string? Sha256;
    [Id(5)] public long ResidentBytes;
    [Id(6)] public bool Pinned;
    [Id(7)] public int Running;
    [Id(8)] public int Queued;
    [Id(9)] public MethodSchema[] Methods;
    [Id(10)] public DateTimeOffset? LoadedAt;
    [Id(11)] public TimeSpan LoadDuration;
    [Id(12)] public DateTimeOffset? LastUsedAt;
    [Id(13)] public ModelStatistics Statistics;
    [Id(14)] public string? Silo;
    [Id(15)] public int Replica;
}

/// <summary>Wire form of <see cref="ServingException"/>; no stack trace leaves a silo.</summary>
[GenerateSerializer, Immutable, Alias("granary.ServingException")]
internal readonly record struct ServingExceptionSurrogate([property: Id(0)] int Error, [property: Id(1)] string Message, [property: Id(2)] TimeSpan? RetryAfter);
