namespace Granary.Serving.Embeddings.Store;

/// <summary>How far loading has come.</summary>
/// <param name="Files">To load.</param>
/// <param name="FilesDone">Loaded.</param>
/// <param name="Entries">That the files say they have.</param>
/// <param name="EntriesDone">That are in the store.</param>
public readonly record struct CheckpointProgress(int Files, int FilesDone, long Entries, long EntriesDone)
{
    /// <summary>0 to 1.</summary>
    public double Share => Entries == 0 ? 1 : Math.Min(1, (double)EntriesDone / Entries);
}
