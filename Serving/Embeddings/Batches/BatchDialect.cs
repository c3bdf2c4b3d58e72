namespace Granary.Serving.Embeddings.Batches;

/// <summary>Which generation of Persia wrote a batch.</summary>
public enum BatchDialect
{
    /// <summary>July to September 2021: <c>PyPersiaBatchData</c>, as the documentation of that time has it.</summary>
    V0,

    /// <summary>September to November 2021.</summary>
    V1,

    /// <summary>Since November 2021: <c>PersiaBatch</c>.</summary>
    V2,
}
