namespace Granary.Serving.Models;

/// <summary>What happens to a request that waits too long.</summary>
public enum QueueTimeoutAction
{
    /// <summary>It fails.</summary>
    Reject,

    /// <summary>It waits behind those that are still in time.</summary>
    Delay,
}

/// <summary>Who may wait in one queue, and how long.</summary>
public sealed record QueuePolicy
{
    /// <summary>What happens after <see cref="Timeout"/>. Default reject.</summary>
    public QueueTimeoutAction TimeoutAction { get; init; }

    /// <summary>How long a request may wait to be started. Default zero: as long as its own deadline allows.</summary>
    public TimeSpan Timeout { get; init; }

    /// <summary>Whether a request may name a shorter time. Default false.</summary>
    public bool AllowTimeoutOverride { get; init; }

    /// <summary>Requests that may wait. Default 0: no limit besides <see cref="ModelDefinition.MaxQueueSize"/>.</summary>
    public int MaxQueueSize { get; init; }

    /// <summary>How long one request may wait; null for no limit.</summary>
    /// <param name="asked">What the request names; null or zero for nothing.</param>
    public TimeSpan? TimeoutOf(TimeSpan? asked)
    {
        var own = Timeout > TimeSpan.Zero ? Timeout : (TimeSpan?)null;
        return AllowTimeoutOverride && asked > TimeSpan.Zero && !(asked >= own) ? asked : own;
    }
}
