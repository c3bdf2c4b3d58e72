using System.Buffers;
using Granary.Serving.Embeddings.Batches;
using Granary.Serving.Embeddings.Configuration;

namespace Granary.Serving.Embeddings.Lookup;

/// <summary>One feature on its way through a lookup: the signs to look up, and what becomes of their rows.</summary>
internal readonly struct PendingFeature : IDisposable
{
    private readonly ulong[] _signs;

    public PendingFeature(FeatureBatch feature, SlotConfig slot, ulong spacing, bool asFloat32)
    {
        Slot = slot;
        var rounds = Math.Max(1, slot.HashStackRounds);
        var count = checked(feature.SignCount * rounds);
        _signs = ArrayPool<ulong>.Shared.Rent(count);
        Signs = _signs.AsMemory(0, count);
        var signs = _signs.AsSpan(0, count);
        if (slot.HashStackRounds == 0)
        {
            feature.Signs.CopyTo(signs);
        }
        else
        {
            for (var i = 0; i < feature.SignCount; i++)
                SignRules.HashStack(feature.Signs[i], slot, signs.Slice(i * rounds, rounds));
        }

        Combiner = slot.Summation
            ? new SumCombiner(feature, slot, asFloat32)
            : new RawCombiner(feature, slot, slot.HashStackRounds == 0 ? null : new BucketOwners(signs, rounds), asFloat32);
        SignRules.AddPrefix(signs, slot.Prefix, spacing);
    }

    public SlotConfig Slot { get; }

    /// <summary>Prefixed; of a hash stack, the buckets of an id stand together, in the order of the rounds.</summary>
    public ReadOnlyMemory<ulong> Signs { get; }

    public IRowCombiner Combiner { get; }

    public void Dispose()
    {
        ArrayPool<ulong>.Shared.Return(_signs);
        Combiner.Dispose();
    }
}
