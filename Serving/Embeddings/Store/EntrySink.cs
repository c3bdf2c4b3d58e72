namespace Granary.Serving.Embeddings.Store;

/// <summary>Where entries of a file go. This one only counts them.</summary>
internal class EntrySink
{
    /// <summary>Entries so far.</summary>
    public long Entries { get; private set; }

    /// <summary>One entry.</summary>
    /// <param name="sign">Prefixed.</param>
    /// <param name="row">The embedding.</param>
    public virtual void Add(ulong sign, ReadOnlySpan<float> row) => Entries++;
}
