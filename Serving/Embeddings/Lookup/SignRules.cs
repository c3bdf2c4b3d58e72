using System.Runtime.CompilerServices;
using Granary.Serving.Embeddings.Configuration;
using Granary.Serving.Embeddings.Store;

namespace Granary.Serving.Embeddings.Lookup;

/// <summary>From the ids of a client to the signs of the tables. Source: PersiaML/PERSIA, <c>rust/persia-embedding-server/src/embedding_worker_service/mod.rs</c>.</summary>
internal static class SignRules
{
    private const int SimpleBits = 33;

    /// <summary>The buckets that take the place of an id: hashes of hashes, each round in a range of its own.</summary>
    /// <param name="sign">The id.</param>
    /// <param name="slot">Rounds, and buckets of each.</param>
    /// <param name="buckets">One a round.</param>
    public static void HashStack(ulong sign, SlotConfig slot, Span<ulong> buckets)
    {
        for (var round = 0; round < buckets.Length; round++)
        {
            sign = FarmHash.Hash64(sign);
            buckets[round] = unchecked((sign % slot.HashStackSize) + ((ulong)round * slot.HashStackSize));
        }
    }

    /// <summary>Puts the prefix of a group before ids: what is left of them is taken modulo one less than a power of two.</summary>
    public static void AddPrefix(Span<ulong> signs, ulong prefix, ulong spacing)
    {
        if (prefix == 0)
            return;
        // With bits to spare, the digits of that base are summed instead of dividing.
        var bits = System.Numerics.BitOperations.PopCount(spacing);
        if (bits >= SimpleBits)
        {
            for (var i = 0; i < signs.Length; i++)
                signs[i] = unchecked(Fold(signs[i], bits, spacing) + prefix);
            return;
        }

        for (var i = 0; i < signs.Length; i++)
            signs[i] = unchecked((signs[i] % spacing) + prefix);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Fold(ulong sign, int bits, ulong spacing)
    {
        var sum = (sign & spacing) + (sign >> bits);
        return sum >= spacing ? sum - spacing : sum;
    }
}
