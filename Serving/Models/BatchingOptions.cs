using System.Collections.ObjectModel;

namespace Granary.Serving.Models;

/// <summary>How the rows of concurrent requests are joined into one call.</summary>
public sealed record BatchingOptions
{
    /// <summary>Most rows of one call. Default 0: requests are never joined.</summary>
    public int MaxBatchSize { get; init; }

    /// <summary>How long the oldest request may wait for company. Default zero: only what piled up is joined.</summary>
    public TimeSpan MaxQueueDelay { get; init; }

    /// <summary>Numbers of rows that are run without waiting for more; at most <see cref="MaxBatchSize"/> each. Default none.</summary>
    public IReadOnlyList<int> PreferredSizes { get; init; } = [];

    /// <summary>Whether answers leave in the order of their requests. Default false.</summary>
    public bool PreserveOrder { get; init; }

    /// <summary>How many priorities requests may have; 1 is the highest. Default 0: none.</summary>
    public int Priorities { get; init; }

    /// <summary>The priority of a request that names none. Default 0; from 1 on where there are <see cref="Priorities"/>.</summary>
    public int DefaultPriority { get; init; }

    /// <summary>The queue of every priority without one of its own. Default: no time-out, no limit besides <see cref="ModelDefinition.MaxQueueSize"/>.</summary>
    public QueuePolicy Queue { get; init; } = new();

    /// <summary>Queues of single priorities. Default none.</summary>
    public IReadOnlyDictionary<int, QueuePolicy> PriorityQueues { get; init; } = ReadOnlyDictionary<int, QueuePolicy>.Empty;
}
