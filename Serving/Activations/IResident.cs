using Granary.Serving.Models;

namespace Granary.Serving.Activations;

/// <summary>A module in memory, as the memory budget sees it.</summary>
internal interface IResident
{
    ModelKey Key { get; }

    /// <summary>Whether it is ready, so that it may be asked to leave.</summary>
    bool CanEvict { get; }

    bool IsPinned { get; }

    /// <summary>Whether no call is inside.</summary>
    bool IsIdle { get; }

    /// <summary>Timestamp of the last request, or of the load when there was none.</summary>
    long LastUsed { get; }

    /// <summary>Drains and unloads it; completes when its memory is free.</summary>
    Task EvictAsync();
}
