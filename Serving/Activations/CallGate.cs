namespace Granary.Serving.Activations;

/// <summary>
/// Counts the calls that use a module. Once closed it admits nobody and <see cref="CloseAsync"/> completes when the last one left,
/// so that a module is never disposed under a call. Lock-free.
/// </summary>
internal sealed class CallGate
{
    private const long Closed = 1L << 62;
    private readonly TaskCompletionSource _empty = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _state;

    /// <summary>Calls inside.</summary>
    public int Count => (int)(Volatile.Read(ref _state) & ~Closed);

    /// <summary>False when closed; the caller must leave when true.</summary>
    public bool TryEnter()
    {
        if (Interlocked.Increment(ref _state) < Closed)
            return true;
        Leave();
        return false;
    }

    /// <summary>Ends one successful <see cref="TryEnter"/>.</summary>
    public void Leave()
    {
        if (Interlocked.Decrement(ref _state) == Closed)
            _empty.TrySetResult();
    }

    /// <summary>Admits nobody from now on; completes when nobody is inside.</summary>
    public Task CloseAsync()
    {
        if ((Interlocked.Or(ref _state, Closed) & ~Closed) == 0)
            _empty.TrySetResult();
        return _empty.Task;
    }
}
