using Granary.Serving.Embeddings.Store;

namespace Granary.Serving.Tests.Embeddings.Store;

public sealed class HalfRowsTests
{
    [Fact]
    public void Widen_EveryHalf_IsExact()
    {
        var halves = Enumerable.Range(0, 1 << 16).Select(static bits => BitConverter.UInt16BitsToHalf((ushort)bits)).ToArray();
        var widened = new float[halves.Length];
        HalfRows.Widen(halves, widened);
        for (var i = 0; i < halves.Length; i++)
            Assert.True(Half.IsNaN(halves[i]) ? float.IsNaN(widened[i]) : BitConverter.SingleToUInt32Bits((float)halves[i]) == BitConverter.SingleToUInt32Bits(widened[i]), $"{i:x}");
    }

    [Fact]
    public void Narrow_EveryHalfAndWhatLiesAround_RoundsToNearestEven()
    {
        // Of each half and of each middle between two: the number itself, the next above and the next below.
        var floats = new List<float>();
        for (var bits = 0; bits < 1 << 16; bits++)
        {
            var half = BitConverter.UInt16BitsToHalf((ushort)bits);
            var single = BitConverter.SingleToUInt32Bits((float)half);
            var middle = BitConverter.SingleToUInt32Bits(((float)half + (float)BitConverter.UInt16BitsToHalf((ushort)(bits + 1))) / 2);
            foreach (var near in new[] { single, single + 1, single - 1, middle, middle + 1, middle - 1 })
                floats.Add(BitConverter.UInt32BitsToSingle(near));
        }

        floats.AddRange([float.MaxValue, float.MinValue, float.Epsilon, -float.Epsilon, 65504, 65519.99f, 65520, -65520, 0, -0f, 1]);
        var random = new Random(3);
        for (var i = 0; i < 200_000; i++)
            floats.Add(BitConverter.Int32BitsToSingle(random.Next(int.MinValue, int.MaxValue)));
        var halves = new Half[floats.Count];
        HalfRows.Narrow(floats.ToArray(), halves);
        for (var i = 0; i < halves.Length; i++)
            Assert.True(float.IsNaN(floats[i]) ? Half.IsNaN(halves[i]) : BitConverter.HalfToUInt16Bits((Half)floats[i]) == BitConverter.HalfToUInt16Bits(halves[i]), $"{floats[i]:r}: {halves[i]} instead of {(Half)floats[i]}");
    }
}
