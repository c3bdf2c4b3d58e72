namespace Granary.Serving.Models;

/// <summary>Queues of a definition to and from their form on disk.</summary>
internal static class QueueMapping
{
    public static CatalogDocumentQueues? ToDocument(BatchingOptions batching)
    {
        var queues = new CatalogDocumentQueues
        {
            PreferredSizes = batching.PreferredSizes.Count == 0 ? null : [.. batching.PreferredSizes],
            PreserveOrder = batching.PreserveOrder,
            Priorities = batching.Priorities,
            DefaultPriority = batching.DefaultPriority,
            Default = batching.Queue == new QueuePolicy() ? null : ToDocument(batching.Queue),
            ByPriority = batching.PriorityQueues.Count == 0 ? null : new(batching.PriorityQueues.ToDictionary(static pair => pair.Key, static pair => ToDocument(pair.Value))),
        };
        return queues is { PreferredSizes: null, PreserveOrder: false, Priorities: 0, DefaultPriority: 0, Default: null, ByPriority: null } ? null : queues;
    }

    public static BatchingOptions FromDocument(CatalogDocumentQueues? queues, BatchingOptions batching) => queues is null ? batching : batching with
    {
        PreferredSizes = queues.PreferredSizes ?? [],
        PreserveOrder = queues.PreserveOrder,
        Priorities = queues.Priorities,
        DefaultPriority = queues.DefaultPriority,
        Queue = queues.Default is null ? new QueuePolicy() : FromDocument(queues.Default),
        PriorityQueues = queues.ByPriority?.ToDictionary(static pair => pair.Key, static pair => FromDocument(pair.Value)) ?? batching.PriorityQueues,
    };

    private static CatalogDocumentQueue ToDocument(QueuePolicy policy) => new()
    {
        Delay = policy.TimeoutAction == QueueTimeoutAction.Delay,
        Timeout = policy.Timeout,
        AllowTimeoutOverride = policy.AllowTimeoutOverride,
        MaxQueueSize = policy.MaxQueueSize,
    };

    private static QueuePolicy FromDocument(CatalogDocumentQueue queue) => new()
    {
        TimeoutAction = queue.Delay ? QueueTimeoutAction.Delay : QueueTimeoutAction.Reject,
        Timeout = queue.Timeout,
        AllowTimeoutOverride = queue.AllowTimeoutOverride,
        MaxQueueSize = queue.MaxQueueSize,
    };
}
