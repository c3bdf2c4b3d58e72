using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Granary.Serving.Embeddings.Store;

/// <summary>
/// What readers see of a table, in native memory: slots in buckets of a cache line, and where rows are. A slot is a tag of 8 bits and
/// the number of a row; it is written at once, after the row, and a row does not change while a slot names it.
/// A sign stands in its bucket, or, when that was full, in the next one that was not.
/// </summary>
internal unsafe struct TableView
{
    public const int BucketSlots = 16;
    public const uint Empty = 0;
    public const uint Removed = RowMask;
    public const uint RowMask = 0x00ff_ffff;
    public const uint TagMask = 0xff00_0000;

    public uint* Slots;
    public uint Buckets;
    public int Stride;
    public int ChunkShift;
    public byte** Chunks;

    /// <summary>The row of a number.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly byte* Row(uint id) => Chunks[id >> ChunkShift] + ((id & ((1u << ChunkShift) - 1)) * (nuint)Stride);

    /// <summary>The slots of a bucket that have a tag, and whether one is empty.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Match(uint* bucket, uint tag, out bool hasEmpty)
    {
        var first = Vector256.Load(bucket);
        var second = Vector256.Load(bucket + 8);
        var mask = Vector256.Create(TagMask);
        var wanted = Vector256.Create(tag);
        hasEmpty = Vector256.EqualsAny(first, Vector256<uint>.Zero) || Vector256.EqualsAny(second, Vector256<uint>.Zero);
        return Vector256.Equals(first & mask, wanted).ExtractMostSignificantBits() | (Vector256.Equals(second & mask, wanted).ExtractMostSignificantBits() << 8);
    }

    /// <summary>What <see cref="GuessHere"/> says when the bucket of a sign is full of others.</summary>
    public static byte* Elsewhere => (byte*)1;

    /// <summary>The row in the bucket of a sign that probably is its: the first with its tag. Does not look at rows, which are not in the cache yet.</summary>
    /// <returns>Null when there is none for certain; <see cref="Elsewhere"/> when it may be in the next bucket, which is asked for.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly byte* GuessHere(ulong hash)
    {
        var tag = SignHash.Tag(hash);
        var bucket = Slots + ((nuint)SignHash.Bucket(hash, Buckets) * BucketSlots);
        var match = Match(bucket, tag, out var hasEmpty);
        if (match != 0)
        {
            var word = Volatile.Read(ref bucket[BitOperations.TrailingZeroCount(match)]);
            if ((word & TagMask) == tag)
                return Row(word & RowMask);
            // A writer was here in between.
            return Elsewhere;
        }

        if (hasEmpty)
            return null;
        CacheLine.Prefetch(bucket + BucketSlots);
        return Elsewhere;
    }

    /// <summary>The row that is a sign's, after <see cref="Elsewhere"/>.</summary>
    public readonly byte* GuessBeyond(ulong sign, ulong hash)
    {
        Find(sign, hash, out var row);
        return row;
    }

    /// <summary>The slot of a sign; null when it is not there.</summary>
    /// <param name="sign">Which.</param>
    /// <param name="hash">Its.</param>
    /// <param name="row">The row that the slot named; a reader must not look at the slot again.</param>
    public readonly uint* Find(ulong sign, ulong hash, out byte* row)
    {
        row = null;
        var tag = SignHash.Tag(hash);
        var number = SignHash.Bucket(hash, Buckets);
        for (var i = 0u; i < Buckets; i++)
        {
            var bucket = Slots + ((nuint)number * BucketSlots);
            for (var match = Match(bucket, tag, out var hasEmpty); ; match &= match - 1)
            {
                if (match == 0)
                {
                    if (hasEmpty)
                    {
                        row = null;
                        return null;
                    }

                    break;
                }

                var slot = bucket + BitOperations.TrailingZeroCount(match);
                var word = Volatile.Read(ref *slot);
                if ((word & TagMask) != tag)
                    continue;
                row = Row(word & RowMask);
                if (*(ulong*)row == sign)
                    return slot;
            }

            number = number + 1 == Buckets ? 0 : number + 1;
        }

        row = null;
        return null;
    }
}
