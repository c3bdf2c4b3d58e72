namespace Granary.Serving.Embeddings.Store;

/// <summary>Where embeddings are: tables of this process, grains, or servers elsewhere. Safe for concurrent use.</summary>
public interface IEmbeddingRows
{
    /// <summary>Fills the rows of a batch; those of signs that are not there, or have another dimension, become zeros.</summary>
    /// <param name="groups">All features of a batch; their memory stays as it is until the task ends.</param>
    /// <param name="cancellationToken">The caller went away.</param>
    /// <exception cref="ServingException">They could not be had.</exception>
    ValueTask LookupAsync(ReadOnlyMemory<RowGroup> groups, CancellationToken cancellationToken);
}
