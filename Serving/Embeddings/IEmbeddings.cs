using Granary.Serving.Embeddings.Batches;
using Granary.Torch;

namespace Granary.Serving.Embeddings;

/// <summary>The embeddings of this service, wherever the tables are. Safe for concurrent use.</summary>
public interface IEmbeddings
{
    /// <summary>Looks up every sparse feature of a batch.</summary>
    /// <param name="batch">Stays the caller's; read until the task ended.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <returns>A tensor a feature, in the order of the batch: <c>[batch, dim]</c> summed, or <c>[batch, sample_fixed_size, dim + 1]</c> with a mask. The caller disposes them.</returns>
    /// <exception cref="ServingException"><see cref="ServingError.InvalidArgument"/>: a feature has no slot;
    /// <see cref="ServingError.Unavailable"/>: the tables are not there yet.</exception>
    ValueTask<IReadOnlyList<Tensor>> LookupAsync(PersiaBatch batch, CancellationToken cancellation = default);
}
