using Granary.Serving.Embeddings.Configuration;

namespace Granary.Api.Tests.Persia;

/// <summary>What a worker computes, from the ids of each sample and without a hash stack.</summary>
internal static class SlowWorker
{
    /// <summary>The sign of an id, with twelve bits of prefix.</summary>
    public static ulong Prefixed(ulong id, SlotConfig slot) => (id % ((1UL << 52) - 1)) + slot.Prefix;

    /// <summary>Asserts that one feature of an answer is right.</summary>
    public static void Check(DecodedFeature feature, SlotConfig slot, ulong[][] samples, FakeTables tables)
    {
        if (slot.Summation)
            CheckSum(feature, slot, samples, tables);
        else
            CheckRaw(feature, slot, samples, tables);
    }

    private static void CheckSum(DecodedFeature feature, SlotConfig slot, ulong[][] samples, FakeTables tables)
    {
        Assert.Equal([samples.Length, slot.Dim], feature.Shape);
        Assert.Null(feature.Index);
        for (var sample = 0; sample < samples.Length; sample++)
        {
            var scale = slot.SqrtScaling ? 1 / Math.Sqrt(Math.Max(1, samples[sample].Length)) : 1;
            for (var i = 0; i < slot.Dim; i++)
            {
                var sum = samples[sample].Sum(id => (double)tables.Row(Prefixed(id, slot), slot.Dim)[i]) * scale;
                // Half the distance to the next float16, and what float32 loses.
                var actual = (double)feature.Values[(sample * slot.Dim) + i];
                Assert.InRange(actual - sum, -Tolerance(sum), Tolerance(sum));
            }
        }
    }

    private static void CheckRaw(DecodedFeature feature, SlotConfig slot, ulong[][] samples, FakeTables tables)
    {
        var distinct = samples.SelectMany(static ids => ids).Distinct().Count();
        Assert.Equal([distinct + 1, slot.Dim], feature.Shape);
        Assert.Equal(samples.Length * slot.SampleFixedSize, feature.Index!.Length);
        Assert.All(feature.Values[..slot.Dim], static value => Assert.Equal(Half.Zero, value));
        for (var sample = 0; sample < samples.Length; sample++)
        {
            Assert.Equal(Math.Min(samples[sample].Length, slot.SampleFixedSize), feature.Counts![sample]);
            for (var column = 0; column < slot.SampleFixedSize; column++)
            {
                var row = (int)feature.Index[(sample * slot.SampleFixedSize) + column];
                if (column >= samples[sample].Length)
                {
                    Assert.Equal(0, row);
                    continue;
                }

                Assert.InRange(row, 1, distinct);
                var expected = tables.Row(Prefixed(samples[sample][column], slot), slot.Dim).Select(static value => (Half)value);
                Assert.Equal(expected, feature.Values.Skip(row * slot.Dim).Take(slot.Dim));
            }
        }
    }

    private static double Tolerance(double value) => (Math.Abs(value) / 2048) + 1e-6;
}
