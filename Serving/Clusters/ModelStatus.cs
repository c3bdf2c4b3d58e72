using Granary.Serving.Models;
using Granary.Torch;

namespace Granary.Serving.Clusters;

/// <summary>What one activation looks like from outside.</summary>
public sealed record ModelStatus
{
    /// <summary>Which version.</summary>
    public required ModelKey Key { get; init; }

    /// <summary>Where in its life it is.</summary>
    public required ModelState State { get; init; }

    /// <summary>Why the last load failed; null otherwise.</summary>
    public string? Reason { get; init; }

    /// <summary>The silo that holds it; null outside a cluster.</summary>
    public string? Silo { get; init; }

    /// <summary>Which of the activations of this version it is; 0 for the first or only one.</summary>
    public int Replica { get; init; }

    /// <summary>The device that holds the weights, such as <c>cpu</c> or <c>cuda:0</c>.</summary>
    public string? Device { get; init; }

    /// <summary>SHA-256 of the loaded file, lower-case hex; null when not loaded.</summary>
    public string? Sha256 { get; init; }

    /// <summary>Estimated memory of the activation in bytes; 0 when not loaded.</summary>
    public long ResidentBytes { get; init; }

    /// <summary>Whether it is exempt from idle unloading and eviction.</summary>
    public bool Pinned { get; init; }

    /// <summary>Calls running now.</summary>
    public int Running { get; init; }

    /// <summary>Calls waiting now.</summary>
    public int Queued { get; init; }

    /// <summary>Methods with their signatures; empty when not loaded.</summary>
    public IReadOnlyList<MethodSchema> Methods { get; init; } = [];

    /// <summary>When it became ready; null when it is not.</summary>
    public DateTimeOffset? LoadedAt { get; init; }

    /// <summary>How long the last load took, downloads included.</summary>
    public TimeSpan LoadDuration { get; init; }

    /// <summary>When the last request arrived; null when there was none.</summary>
    public DateTimeOffset? LastUsedAt { get; init; }

    /// <summary>Counters since this version was first activated here.</summary>
    public ModelStatistics Statistics { get; init; } = new();
}
