using Granary.Torch;

namespace Granary.Grains.Interfaces.Payloads;

/// <summary>
/// A TorchScript value on its way between machines. Within one silo it crosses by reference; over the wire its tensors are
/// written straight from their memory and read straight into pinned buffers, one copy a side.
/// </summary>
/// <remarks>
/// Whoever receives a payload disposes it. A payload that left over the wire was released by the codec after it was written:
/// nobody else at the sending side will ever know that the bytes are gone.
/// </remarks>
[Immutable]
[Alias("granary.Value")]
public sealed class ValuePayload(Value value, IDisposable? owner) : IDisposable
{
    private IDisposable? _owner = owner;

    /// <summary>The value; readable until disposed.</summary>
    public Value Value { get; } = value;

    /// <summary>Gives the memory back. Safe to call twice.</summary>
    public void Dispose() => Interlocked.Exchange(ref _owner, null)?.Dispose();
}
