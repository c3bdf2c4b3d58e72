namespace Granary.Serving.Embeddings.Store;

/// <summary>Which generation of Persia wrote a file of embeddings.</summary>
public enum PersiaFormat
{
    /// <summary>August to October 2021.</summary>
    V0,

    /// <summary>Since then.</summary>
    V2,
}
