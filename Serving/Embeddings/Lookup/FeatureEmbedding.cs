using Granary.Torch;

namespace Granary.Serving.Embeddings.Lookup;

/// <summary>What was looked up for one feature, as Persia's workers hand it out. Dispose it: its memory is pooled.</summary>
/// <param name="name">Of the feature.</param>
public abstract class FeatureEmbedding(string name) : IDisposable
{
    /// <summary>Of the feature.</summary>
    public string Name { get; } = name;

    /// <summary>What the dense model gets. The memory of this may go over to it: dispose only the tensor after that.</summary>
    public abstract Tensor ToTensor();

    /// <summary>Gives the memory back. Safe to call twice.</summary>
    public abstract void Dispose();
}
