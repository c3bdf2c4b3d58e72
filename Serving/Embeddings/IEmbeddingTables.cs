using Granary.Serving.Embeddings.Configuration;
using Granary.Serving.Embeddings.Store;

namespace Granary.Serving.Embeddings;

/// <summary>The tables of this service, for those that hand rows on to other processes. Safe for concurrent use.</summary>
public interface IEmbeddingTables
{
    /// <summary>Whether there are any: whether somebody gave their configuration.</summary>
    bool IsConfigured => true;

    /// <summary>The sparse features.</summary>
    EmbeddingConfig Config { get; }

    /// <summary>Where the rows are.</summary>
    IEmbeddingRows Rows { get; }

    /// <summary>Whether all rows can be had.</summary>
    bool IsReady { get; }

    /// <summary>Why they cannot, fit for callers; null when they can.</summary>
    string? Reason { get; }

    /// <summary>What is in them; null when they are elsewhere.</summary>
    EmbeddingSnapshot? Snapshot() => null;
}
