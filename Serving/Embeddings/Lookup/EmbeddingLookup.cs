using System.Buffers;
using Granary.Serving.Embeddings.Batches;
using Granary.Serving.Embeddings.Configuration;
using Granary.Serving.Embeddings.Store;
using Granary.Torch;

namespace Granary.Serving.Embeddings.Lookup;

/// <summary>
/// From the ids of a batch to what the dense model gets: hash stack, prefix, rows, and sums or raw rows. Safe for concurrent use.
/// Source: PersiaML/PERSIA, <c>rust/persia-embedding-server/src/embedding_worker_service/mod.rs</c>; where Persia's result depends on
/// the order of a hash map, this one takes the order of the batch.
/// </summary>
/// <param name="config">The slots.</param>
/// <param name="rows">Where their embeddings are.</param>
public sealed class EmbeddingLookup(EmbeddingConfig config, IEmbeddingRows rows)
{
    private const int NamesInMessage = 8;

    /// <summary>What the dense model gets as its second list, in the order of the batch; slots that the batch lacks are left out.</summary>
    /// <param name="batch">With the ids; stays the caller's.</param>
    /// <param name="asFloat32">Whether tensors are float32, not rounded; else float16, as Persia has it.</param>
    /// <param name="cancellationToken">The caller went away.</param>
    /// <returns>What the caller disposes.</returns>
    /// <exception cref="ServingException"><see cref="ServingError.InvalidArgument"/>: a feature has no slot. <see cref="ServingError.TooLarge"/>: a tensor would exceed 2 GiB. Or the rows could not be had.</exception>
    public async ValueTask<Tensor[]> ToTensorsAsync(PersiaBatch batch, bool asFloat32, CancellationToken cancellationToken = default)
    {
        var embeddings = await RunAsync(batch.Features, asFloat32, cancellationToken);
        var tensors = new Tensor[embeddings.Length];
        try
        {
            for (var i = 0; i < tensors.Length; i++)
                tensors[i] = embeddings[i].ToTensor();
            return tensors;
        }
        catch (OverflowException)
        {
            Dispose(embeddings);
            throw TooLarge();
        }
    }

    /// <summary>What Persia's workers answer, in the order of the batch.</summary>
    /// <param name="features">The ids; stay the caller's.</param>
    /// <param name="asFloat32">Whether tensors are float32, not rounded; else float16, as Persia has it.</param>
    /// <param name="cancellationToken">The caller went away.</param>
    /// <returns>What the caller disposes.</returns>
    /// <exception cref="ServingException">As above.</exception>
    public async ValueTask<FeatureEmbedding[]> RunAsync(IReadOnlyList<FeatureBatch> features, bool asFloat32, CancellationToken cancellationToken = default)
    {
        var made = new FeatureEmbedding[features.Count];
        try
        {
            if (rows is EmbeddingStore store)
                RunHere(store, features, asFloat32, made, cancellationToken);
            else
                await RunElsewhereAsync(features, asFloat32, made, cancellationToken);
            return made;
        }
        catch (Exception exception)
        {
            Dispose(made);
            if (exception is OverflowException)
                throw TooLarge();
            throw;
        }
    }

    // Block by block, so that rows are still in the cache when they are summed.
    private void RunHere(EmbeddingStore store, IReadOnlyList<FeatureBatch> features, bool asFloat32, FeatureEmbedding[] made, CancellationToken cancellationToken)
    {
        const int BlockElements = 32_768;
        for (var i = 0; i < made.Length; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            using var feature = Begin(features[i], asFloat32);
            var dim = feature.Slot.Dim;
            var block = Math.Max(1, BlockElements / dim);
            var buffer = ArrayPool<float>.Shared.Rent(Math.Min(block, feature.Signs.Length) * dim);
            for (var start = 0; start < feature.Signs.Length; start += block)
            {
                var signs = feature.Signs.Span.Slice(start, Math.Min(block, feature.Signs.Length - start));
                var found = buffer.AsSpan(0, signs.Length * dim);
                store.Lookup(signs, dim, found);
                feature.Combiner.Take(start, found);
            }

            ArrayPool<float>.Shared.Return(buffer);
            made[i] = feature.Combiner.End();
        }
    }

    private async ValueTask RunElsewhereAsync(IReadOnlyList<FeatureBatch> features, bool asFloat32, FeatureEmbedding[] made, CancellationToken cancellationToken)
    {
        var pending = new List<PendingFeature>(made.Length);
        var groups = new RowGroup[made.Length];
        var elements = 0;
        float[] buffer = [];
        try
        {
            foreach (var feature in features)
            {
                pending.Add(Begin(feature, asFloat32));
                elements = checked(elements + (pending[^1].Signs.Length * pending[^1].Slot.Dim));
            }

            buffer = ArrayPool<float>.Shared.Rent(elements);
            var start = 0;
            for (var i = 0; i < groups.Length; i++)
            {
                var length = pending[i].Signs.Length * pending[i].Slot.Dim;
                groups[i] = new RowGroup(pending[i].Signs, pending[i].Slot.Dim, buffer.AsMemory(start, length));
                start += length;
            }

            await rows.LookupAsync(groups, cancellationToken);
            for (var i = 0; i < groups.Length; i++)
            {
                pending[i].Combiner.Take(0, groups[i].Rows.Span);
                made[i] = pending[i].Combiner.End();
            }
        }
        finally
        {
            foreach (var feature in pending)
                feature.Dispose();
            ArrayPool<float>.Shared.Return(buffer);
        }
    }

    private PendingFeature Begin(FeatureBatch feature, bool asFloat32)
    {
        var slot = config.Find(feature.Name) ?? throw Unknown(feature.Name);
        return new PendingFeature(feature, slot, config.Spacing, asFloat32);
    }

    private ServingException Unknown(string name)
    {
        var names = string.Join(", ", config.Slots.Take(NamesInMessage).Select(static slot => $"'{slot.Name}'"));
        return new ServingException(ServingError.InvalidArgument, $"the batch has a sparse feature '{name}', which is no slot of embedding_config.yaml; it has {names}{(config.Slots.Count > NamesInMessage ? $" and {config.Slots.Count - NamesInMessage} more" : "")}");
    }

    private static ServingException TooLarge() => new(ServingError.TooLarge, "the embeddings of the batch exceed 2 GiB; send fewer samples or ids at once");

    private static void Dispose(FeatureEmbedding?[] embeddings)
    {
        foreach (var embedding in embeddings)
            embedding?.Dispose();
    }
}
