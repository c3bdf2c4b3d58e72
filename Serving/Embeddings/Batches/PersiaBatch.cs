using Granary.Torch;

namespace Granary.Serving.Embeddings.Batches;

/// <summary>
/// One request to a recommendation model: dense tensors, and sparse features whose embeddings are looked up. Dispose it: its memory is
/// pooled.
/// </summary>
/// <param name="dense">The tensors that are no ids, each <c>[batch, …]</c>, in order.</param>
/// <param name="features">The sparse features, in order.</param>
/// <param name="labels">What a trainer would compare with; not looked at here.</param>
/// <param name="dialect">Who wrote it.</param>
public sealed class PersiaBatch(IReadOnlyList<Tensor> dense, IReadOnlyList<FeatureBatch> features, IReadOnlyList<Tensor> labels, BatchDialect dialect) : IDisposable
{
    /// <summary>The tensors that are no ids, each <c>[batch, …]</c>, in order.</summary>
    public IReadOnlyList<Tensor> Dense { get; } = dense;

    /// <summary>The sparse features, in order.</summary>
    public IReadOnlyList<FeatureBatch> Features { get; } = features;

    /// <summary>What a trainer would compare with; not looked at here.</summary>
    public IReadOnlyList<Tensor> Labels { get; } = labels;

    /// <summary>Who wrote it.</summary>
    public BatchDialect Dialect { get; } = dialect;

    /// <summary>Gives the memory back. Safe to call twice.</summary>
    public void Dispose()
    {
        foreach (var tensor in Dense)
            tensor.Dispose();
        foreach (var tensor in Labels)
            tensor.Dispose();
        foreach (var feature in Features)
            feature.Dispose();
    }
}
