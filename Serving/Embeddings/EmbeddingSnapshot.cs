using Granary.Serving.Embeddings.Store;

namespace Granary.Serving.Embeddings;

/// <summary>What the tables of a process hold.</summary>
/// <param name="Entries">Rows.</param>
/// <param name="Evicted">Rows that had to go since the start.</param>
/// <param name="ResidentBytes">Memory of all tables.</param>
/// <param name="IsReady">Whether the checkpoint is loaded.</param>
/// <param name="Updates">What incremental packets did; null where none are looked for.</param>
public sealed record EmbeddingSnapshot(long Entries, long Evicted, long ResidentBytes, bool IsReady, IncrementalSnapshot? Updates);
