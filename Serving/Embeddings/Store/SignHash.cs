using System.Runtime.CompilerServices;

namespace Granary.Serving.Embeddings.Store;

/// <summary>Where a sign stands inside this process; has nothing to do with farmhash, which chooses among servers.</summary>
internal static class SignHash
{
    /// <summary>Bits well mixed: signs are a prefix and small numbers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Mix(ulong sign)
    {
        unchecked
        {
            sign ^= sign >> 32;
            sign *= 0xd6e8feb86659fd93;
            sign ^= sign >> 32;
            sign *= 0xd6e8feb86659fd93;
            return sign ^ (sign >> 32);
        }
    }

    /// <summary>What a slot remembers of the sign behind it: 1 to 255, in the highest byte.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Tag(ulong hash)
    {
        var tag = (uint)(hash >> 16) & 0xff00_0000;
        return tag == 0 ? 0x0100_0000 : tag;
    }

    /// <summary>One of some buckets.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Bucket(ulong hash, uint buckets) => (uint)(((hash & uint.MaxValue) * buckets) >> 32);

    /// <summary>One of the shards.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Shard(ulong hash, int shards) => (int)(hash >> 56) & (shards - 1);
}
