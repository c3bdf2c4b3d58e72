using Granary.Serving.Embeddings.Configuration;
using Granary.Serving.Embeddings.Lookup;
using Granary.Serving.Embeddings.Store;

namespace Granary.Serving.Tests.Embeddings.Lookup;

/// <summary>Constants of Persia's own unit tests.</summary>
public sealed class SignRulesTests
{
    [Theory]
    [InlineData(0UL, 0x14397a23417af284UL)]
    [InlineData(1UL, 0x523be90bb03b5a61UL)]
    [InlineData(12UL, 0x2c673acf275abde8UL)]
    [InlineData(23UL, 0x85c177ba999fe9d1UL)]
    [InlineData(ulong.MaxValue, 0x2fffe7a41fb59155UL)]
    public void FarmHash_OfEightBytes_IsGoogles(ulong value, ulong hash) => Assert.Equal(hash, FarmHash.Hash64(value));

    [Theory]
    [InlineData(12UL, 2UL, 18UL)]
    [InlineData(23UL, 5UL, 10UL)]
    [InlineData(34UL, 0UL, 11UL)]
    [InlineData(56UL, 6UL, 17UL)]
    [InlineData(78UL, 7UL, 12UL)]
    [InlineData(90UL, 8UL, 16UL)]
    public void HashStack_TwoRoundsOfTenBuckets_IsPersias(ulong sign, ulong first, ulong second)
    {
        var buckets = new ulong[2];
        SignRules.HashStack(sign, new SlotConfig("a", 1) { HashStackRounds = 2, HashStackSize = 10 }, buckets);
        Assert.Equal([first, second], buckets);
    }

    [Fact]
    public void AddPrefix_OfTwelveBits_IsPersias()
    {
        ulong[] signs = [16000000000000000];
        SignRules.AddPrefix(signs, 450359962737049600, (1UL << 52) - 1);
        Assert.Equal([452849163854938115UL], signs);
    }

    [Fact]
    public void AddPrefix_AnySignAndBits_IsTheRemainderAndThePrefix()
    {
        var random = new Random(11);
        for (var bits = 1; bits <= 63; bits++)
        {
            var spacing = (1UL << (64 - bits)) - 1;
            var prefix = 1UL << (64 - bits);
            ulong[] signs = [0, 1, spacing, spacing - 1, spacing + 1, ulong.MaxValue, ulong.MaxValue - 1, unchecked(spacing * 2), unchecked(spacing * spacing), .. Enumerable.Range(0, 500).Select(_ => (ulong)random.NextInt64(long.MinValue, long.MaxValue))];
            var expected = signs.Select(sign => (sign % spacing) + prefix).ToArray();
            SignRules.AddPrefix(signs, prefix, spacing);
            Assert.Equal(expected, signs);
        }

        ulong[] untouched = [ulong.MaxValue];
        SignRules.AddPrefix(untouched, 0, 1);
        Assert.Equal([ulong.MaxValue], untouched);
    }
}
