namespace Granary.Serving.Activations;

/// <summary>Frees the outputs of one batched call when the last of its requests has released its part.</summary>
internal sealed class SharedOwner(IDisposable owner, int parts) : IDisposable
{
    private int _parts = parts;

    /// <summary>Releases one part; each holder calls it once.</summary>
    public void Dispose()
    {
        if (Interlocked.Decrement(ref _parts) == 0)
            owner.Dispose();
    }
}
