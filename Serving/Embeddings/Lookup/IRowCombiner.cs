namespace Granary.Serving.Embeddings.Lookup;

/// <summary>Makes one result of the rows of a feature. Dispose it, whether it ended or not.</summary>
internal interface IRowCombiner : IDisposable
{
    /// <summary>Takes rows, each once.</summary>
    /// <param name="first">The position of the first among all signs to look up.</param>
    /// <param name="rows"><c>[signs, dim]</c>.</param>
    void Take(int first, ReadOnlySpan<float> rows);

    /// <summary>The result, which is the caller's. Once.</summary>
    FeatureEmbedding End();
}
