namespace Granary.Serving.Formats.Triton.Config;

/// <summary>How concurrent requests are joined.</summary>
[ProtoMessage("inference.ModelDynamicBatching")]
public sealed record ModelDynamicBatching
{
    /// <summary>Sizes that are run without waiting for more.</summary>
    public IReadOnlyList<int> PreferredBatchSize { get; init; } = [];

    /// <summary>How long a request may wait for company, in microseconds; 0: only what piled up is joined.</summary>
    public ulong MaxQueueDelayMicroseconds { get; init; }

    /// <summary>Whether answers leave in the order of their requests.</summary>
    public bool PreserveOrdering { get; init; }

    /// <summary>How many priorities there are; 0 for none.</summary>
    public ulong PriorityLevels { get; init; }

    /// <summary>The priority of requests that name none; 1 is the highest.</summary>
    public ulong DefaultPriorityLevel { get; init; }

    /// <summary>The queue of every priority without one of its own.</summary>
    public ModelQueuePolicy? DefaultQueuePolicy { get; init; }

    /// <summary>Queues by priority.</summary>
    public IReadOnlyDictionary<ulong, ModelQueuePolicy> PriorityQueuePolicy { get; init; } = new Dictionary<ulong, ModelQueuePolicy>();
}

/// <summary>What happens to a request that waited too long.</summary>
[ProtoEnum]
public enum TimeoutAction
{
    /// <summary>It fails.</summary>
    Reject = 0,

    /// <summary>It waits behind all others.</summary>
    Delay = 1,
}

/// <summary>One queue.</summary>
[ProtoMessage("inference.ModelQueuePolicy")]
public sealed record ModelQueuePolicy
{
    /// <summary>What happens after the time-out.</summary>
    public TimeoutAction TimeoutAction { get; init; }

    /// <summary>Time-out in microseconds; 0 for none.</summary>
    public ulong DefaultTimeoutMicroseconds { get; init; }

    /// <summary>Whether a request may name a shorter one.</summary>
    public bool AllowTimeoutOverride { get; init; }

    /// <summary>Requests that may wait; 0: any number.</summary>
    public uint MaxQueueSize { get; init; }
}
