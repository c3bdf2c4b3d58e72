using Granary.Serving.Embeddings.Configuration;
using Granary.Serving.Embeddings.Store;

namespace Granary.Serving.Tests.Embeddings.Lookup;

/// <summary>The rules of Persia's workers, written down as plainly as can be, sample by sample.</summary>
internal static class SlowLookup
{
    /// <summary>float32 <c>[batch, dim]</c>.</summary>
    public static float[] Sum(SlotConfig slot, ulong spacing, ulong[][] samples, Func<ulong, float[]?> find)
    {
        var result = new List<float>();
        foreach (var sample in samples)
        {
            var sum = new float[slot.Dim];
            foreach (var id in sample)
            {
                foreach (var sign in slot.HashStackRounds == 0 ? [id] : Buckets(slot, id))
                    Add(sum, find(Prefixed(slot, spacing, sign)));
            }

            var count = Math.Max(1, sample.Length * Math.Max(1, slot.HashStackRounds));
            result.AddRange(sum.Select(element => slot.SqrtScaling ? element * (1 / MathF.Sqrt(count)) : element));
        }

        return [.. result];
    }

    /// <summary>float32 <c>[batch, sample_fixed_size, dim + 1]</c>.</summary>
    public static float[] Raw(SlotConfig slot, ulong spacing, ulong[][] samples, Func<ulong, float[]?> find)
    {
        var distinct = samples.SelectMany(static sample => sample).Distinct().ToList();
        var rows = distinct.Select(_ => new float[slot.Dim]).Prepend(new float[slot.Dim]).ToList();
        var index = samples.Select(_ => new int[slot.SampleFixedSize]).ToArray();
        var counts = new int[samples.Length];
        if (slot.HashStackRounds == 0)
        {
            for (var i = 0; i < distinct.Count; i++)
            {
                rows[i + 1] = find(Prefixed(slot, spacing, distinct[i])) ?? rows[i + 1];
                Place(distinct[i], i + 1);
            }
        }
        else
        {
            Stacked();
        }

        return [.. index.SelectMany(sample => sample.SelectMany(row => rows[row].Append(row == 0 ? 0f : 1f)))];

        void Stacked()
        {
            // As Persia's code goes: a map from bucket to id, written over by later ids.
            var owners = new Dictionary<ulong, int>();
            for (var i = 0; i < distinct.Count; i++)
            {
                foreach (var bucket in Buckets(slot, distinct[i]))
                    owners[bucket] = i;
            }

            var scale = slot.SqrtScaling && slot.HashStackRounds > 1 ? 1 / MathF.Sqrt(slot.HashStackRounds) : 1;
            var placed = new HashSet<int>();
            for (var round = 0; round < slot.HashStackRounds; round++)
            {
                foreach (var bucket in distinct.Select(id => Buckets(slot, id)[round]).Distinct().ToList())
                {
                    var owner = owners[bucket];
                    rows[owner + 1] = [.. (find(Prefixed(slot, spacing, bucket)) ?? new float[slot.Dim]).Select(element => element * scale)];
                    if (!placed.Add(owner))
                        continue;
                    foreach (var id in distinct.Where(id => Buckets(slot, id)[round] == bucket))
                        Place(id, owner + 1);
                }
            }
        }

        void Place(ulong id, int row)
        {
            for (var sample = 0; sample < samples.Length; sample++)
            {
                for (var column = 0; column < samples[sample].Length; column++)
                {
                    if (samples[sample][column] == id && column < slot.SampleFixedSize && counts[sample]++ < slot.SampleFixedSize)
                        index[sample][column] = row;
                }
            }
        }
    }

    public static ulong[] Buckets(SlotConfig slot, ulong id)
    {
        var buckets = new ulong[slot.HashStackRounds];
        for (var round = 0; round < buckets.Length; round++)
        {
            id = FarmHash.Hash64(id);
            buckets[round] = (id % slot.HashStackSize) + ((ulong)round * slot.HashStackSize);
        }

        return buckets;
    }

    public static ulong Prefixed(SlotConfig slot, ulong spacing, ulong sign) => slot.Prefix == 0 ? sign : (sign % spacing) + slot.Prefix;

    private static void Add(float[] sum, float[]? row)
    {
        for (var i = 0; row is not null && i < sum.Length; i++)
            sum[i] += row[i];
    }
}
