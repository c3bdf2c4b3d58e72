using Granary.Torch;

namespace Granary.Serving.Embeddings.Lookup;

/// <summary>The embeddings of each sample added up.</summary>
/// <param name="name">Of the feature.</param>
/// <param name="values">float16 or float32 <c>[batch, dim]</c>.</param>
public sealed class SummedEmbedding(string name, Tensor values) : FeatureEmbedding(name)
{
    /// <summary>float16 or float32 <c>[batch, dim]</c>.</summary>
    public Tensor Values { get; } = values;

    /// <inheritdoc/>
    public override Tensor ToTensor() => Values;

    /// <inheritdoc/>
    public override void Dispose() => Values.Dispose();
}
