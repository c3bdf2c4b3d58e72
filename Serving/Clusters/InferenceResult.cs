using Granary.Serving.Models;
using Granary.Torch;

namespace Granary.Serving.Clusters;

/// <summary>What a model answered. Dispose after the response was written: the tensors inside are native memory.</summary>
public sealed class InferenceResult(ModelKey key, Value value, IDisposable? owner, InferenceTiming timing) : IDisposable
{
    private IDisposable? _owner = owner;

    /// <summary>The version that answered.</summary>
    public ModelKey Key { get; } = key;

    /// <summary>What the method returned.</summary>
    public Value Value { get; } = value;

    /// <summary>Where the time went.</summary>
    public InferenceTiming Timing { get; } = timing;

    /// <summary>What computed it; null when that came from elsewhere and <see cref="InferenceRequest.WantsProvenance"/> did not ask for it.</summary>
    public ModelProvenance? Provenance { get; init; }

    /// <summary>Gives the memory back. Safe to call twice.</summary>
    public void Dispose() => Interlocked.Exchange(ref _owner, null)?.Dispose();
}

/// <summary>Where the time of one request went.</summary>
/// <param name="Queue">From arrival at the activation to the start of the call.</param>
/// <param name="Compute">The native call; shared by all rows of a batch.</param>
public readonly record struct InferenceTiming(TimeSpan Queue, TimeSpan Compute);
