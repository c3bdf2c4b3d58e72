namespace Granary.Torch;

/// <summary>What one call returned. Tensors inside are native memory that is readable in place until this is disposed.</summary>
public sealed class ForwardResult(Value value, IDisposable owner) : IDisposable
{
    private IDisposable? _owner = owner;

    /// <summary>The method's result.</summary>
    public Value Value { get; } = value;

    /// <summary>Gives the native outputs back. Safe to call twice.</summary>
    public void Dispose() => Interlocked.Exchange(ref _owner, null)?.Dispose();
}
