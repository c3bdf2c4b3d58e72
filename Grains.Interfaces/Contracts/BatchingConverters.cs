namespace Granary.Grains.Interfaces.Contracts;

// What a process of an earlier build does not send is null and has its default.

[RegisterConverter]
internal sealed class BatchingOptionsConverter : IConverter<BatchingOptions, BatchingOptionsSurrogate>
{
    public BatchingOptions ConvertFromSurrogate(in BatchingOptionsSurrogate surrogate) => new()
    {
        MaxBatchSize = surrogate.MaxBatchSize,
        MaxQueueDelay = surrogate.MaxQueueDelay,
        PreferredSizes = surrogate.PreferredSizes ?? [],
        PreserveOrder = surrogate.PreserveOrder,
        Priorities = surrogate.Priorities,
        DefaultPriority = surrogate.DefaultPriority,
        Queue = surrogate.Queue ?? new QueuePolicy(),
        PriorityQueues = surrogate.PriorityQueues ?? [],
    };

    public BatchingOptionsSurrogate ConvertToSurrogate(in BatchingOptions value) => new()
    {
        MaxBatchSize = value.MaxBatchSize,
        MaxQueueDelay = value.MaxQueueDelay,
        PreferredSizes = [.. value.PreferredSizes],
        PreserveOrder = value.PreserveOrder,
        Priorities = value.Priorities,
        DefaultPriority = value.DefaultPriority,
        Queue = value.Queue,
        PriorityQueues = value.PriorityQueues.ToDictionary(),
    };
}

[RegisterConverter]
internal sealed class QueuePolicyConverter : IConverter<QueuePolicy, QueuePolicySurrogate>
{
    public QueuePolicy ConvertFromSurrogate(in QueuePolicySurrogate surrogate) => new()
    {
        TimeoutAction = surrogate.TimeoutAction,
        Timeout = surrogate.Timeout,
        AllowTimeoutOverride = surrogate.AllowTimeoutOverride,
        MaxQueueSize = surrogate.MaxQueueSize,
    };

    public QueuePolicySurrogate ConvertToSurrogate(in QueuePolicy value) =>
        new(value.TimeoutAction, value.Timeout, value.AllowTimeoutOverride, value.MaxQueueSize);
}
