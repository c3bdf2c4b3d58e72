namespace Granary.Serving.Embeddings.Store;

/// <summary>Signs of one dimension and where their rows go.</summary>
/// <param name="Signs">Prefixed.</param>
/// <param name="Dim">Elements of a row.</param>
/// <param name="Rows"><c>[signs, dim]</c>, to be filled.</param>
public readonly record struct RowGroup(ReadOnlyMemory<ulong> Signs, int Dim, Memory<float> Rows);
