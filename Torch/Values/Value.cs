namespace Granary.Torch;

/// <summary>
/// A TorchScript value: <see cref="Tensor"/>, a scalar, a string, a list, a tuple, a dictionary or none.
/// A value owns what it holds: disposing a container disposes the tensors inside.
/// </summary>
public abstract class Value : IDisposable
{
    private protected Value()
    {
    }

    /// <summary>TorchScript's name for this kind of value, for messages: <c>Tensor</c>, <c>int</c>, <c>List</c> …</summary>
    public abstract string Kind { get; }

    /// <summary>Gives back the memory of every tensor inside. Safe to call twice.</summary>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Gives back the memory of every tensor inside.</summary>
    protected virtual void Dispose(bool disposing)
    {
    }
}
