using System.Net;
using System.Text;
using Granary.Serving.Embeddings.Batches;
using Granary.Serving.Embeddings.Configuration;

namespace Granary.Api.Tests.Persia;

public sealed class ForwardTests : IAsyncLifetime
{
    // The part of the specification's PersiaBatch that workers get.
    private const string Vector =
        "00" + "01000000" + "0100000061" + "02000000" + "0700000000000000" + "02000000" + "00000000" + "01000000" + "0900000000000000" + "01000000" + "01000100" +
        "02000000" + "01000000" + "02000000" + "02000000" + "0700000000000000" + "0000000000000000" + "0900000000000000" + "0100000000000000" + "0200" + "000000";

    private readonly FakeTables _tables = FakeTables.OfTheVectors();
    private PersiaServer _server = null!;

    public async Task InitializeAsync() => _server = await PersiaServer.StartAsync(_tables);

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task Forward_TheVectorSummed_IsTheSanityCheckToTheByte()
    {
        var (status, body) = await _server.CallAsync("forward_batched_direct", Convert.FromHexString(Vector));
        Assert.Equal(HttpStatusCode.OK, status);
        // Ok; one feature; summed; its name; [2, 2]; 0.5 -0.5 1.5 1.5; no gradients.
        Assert.Equal("01" + "01000000" + "01000000" + "0100000061" + "02000000" + "0200000000000000" + "0200000000000000" + "04000000" + "003800b8003e003e" + "00", Convert.ToHexStringLower(body));
    }

    [Fact]
    public async Task Forward_TheVectorScaled_IsDividedByTheRootOfTheCount()
    {
        _tables.Config = new EmbeddingConfig([new SlotConfig("a", 2) { SqrtScaling = true }], 8);
        var feature = Assert.Single(await ForwardAsync(Convert.FromHexString(Vector)));
        Assert.Equal([(Half)0.5f, (Half)(-0.5f), (Half)(1.5f / MathF.Sqrt(2)), (Half)(1.5f / MathF.Sqrt(2))], feature.Values);
    }

    [Fact]
    public async Task Forward_TheVectorRaw_HasRowsIndexAndCounts()
    {
        _tables.Config = new EmbeddingConfig([new SlotConfig("a", 2) { Summation = false, SampleFixedSize = 3 }], 8);
        var (_, body) = await _server.CallAsync("forward_batched_direct", Convert.FromHexString(Vector));
        var feature = Assert.Single(SlowDecoder.Decode(body));
        Assert.Equal("a", feature.Name);
        Assert.Equal([3, 2], feature.Shape);
        Assert.Equal([Half.Zero, Half.Zero, (Half)0.5f, (Half)(-0.5f), Half.One, (Half)2], feature.Values);
        Assert.Equal([1, 0, 0, 1, 2, 0], feature.Index!);
        Assert.Equal([1, 2], feature.Counts!);
    }

    [Fact]
    public async Task Forward_EveryTruncationAndMore_Is500()
    {
        for (var length = 0; length < Vector.Length; length += 2)
            await FailsAsync(Vector[..length], "the request is no batch of features: byte ");
        await FailsAsync(Vector + "00", "bytes follow behind the end");
        Assert.Equal(0, _tables.Lookups);
    }

    [Fact]
    public async Task Forward_EveryByteChanged_IsAnsweredOrRefused()
    {
        var whole = Convert.FromHexString(Vector);
        for (var at = 0; at < whole.Length; at++)
        {
            foreach (var change in new byte[] { 1, 0x80, 0xff })
            {
                var changed = whole.ToArray();
                changed[at] ^= change;
                var (status, body) = await _server.CallAsync("forward_batched_direct", changed);
                if (status == HttpStatusCode.OK)
                    SlowDecoder.Decode(body);
                else
                    Assert.DoesNotContain("its log says why", Encoding.UTF8.GetString(body));
            }
        }
    }

    [Fact]
    public async Task Forward_AFeatureWithoutSlot_Is500AndNamesIt() => await FailsAsync(Vector.Replace("0100000061", "0100000062", StringComparison.Ordinal), "'b'");

    [Fact]
    public async Task Forward_RandomBatches_IsWhatASlowWorkerComputes()
    {
        var random = new Random(7);
        for (var round = 0; round < 40; round++)
        {
            var slots = Enumerable.Range(0, random.Next(1, 5)).Select(i => Slot(random, i)).ToList();
            _tables.Config = new EmbeddingConfig(slots, 12);
            _tables.Entries.Clear();
            var features = slots.Select(slot => (Slot: slot, Samples: Samples(random))).ToList();
            foreach (var (slot, samples) in features)
            {
                foreach (var id in samples.SelectMany(static ids => ids).Where(_ => random.Next(4) > 0))
                    _tables.Entries[SlowWorker.Prefixed(id, slot)] = [.. Enumerable.Range(0, slot.Dim).Select(_ => random.NextSingle() - 0.5f)];
            }

            var decoded = await ForwardAsync(Bytes(features.Select(static feature => (feature.Slot.Name, feature.Samples))));
            Assert.Equal(slots.Select(static slot => slot.Name), decoded.Select(static feature => feature.Name));
            foreach (var (feature, (slot, samples)) in decoded.Zip(features))
                SlowWorker.Check(feature, slot, samples, _tables);
        }
    }

    private static SlotConfig Slot(Random random, int i) => new($"slot{i}", random.Next(1, 20))
    {
        Summation = random.Next(2) == 0,
        SqrtScaling = random.Next(2) == 0,
        SampleFixedSize = random.Next(1, 6),
        Prefix = (ulong)(i + 1) << 52,
    };

    private static ulong[][] Samples(Random random) => [.. Enumerable.Range(0, random.Next(1, 8)).Select(_ => Enumerable.Range(0, random.Next(0, 7)).Select(_ => random.Next(3) == 0 ? (ulong)random.NextInt64() : (ulong)random.Next(10)).ToArray())];

    // A batch without dense tensors: no tensors and a tag before, no labels and two flags behind.
    private static byte[] Bytes(IEnumerable<(string Name, ulong[][] Samples)> features)
    {
        var builder = new PersiaBatchBuilder();
        foreach (var (name, samples) in features)
            builder.AddSparse(name, samples);
        return builder.ToBytes()[8..^6];
    }

    private async Task<List<DecodedFeature>> ForwardAsync(byte[] body)
    {
        var (status, answer) = await _server.CallAsync("forward_batched_direct", body);
        Assert.True(status == HttpStatusCode.OK, Encoding.UTF8.GetString(answer));
        return SlowDecoder.Decode(answer);
    }

    private async Task FailsAsync(string hex, string message)
    {
        var (status, body) = await _server.CallAsync("forward_batched_direct", Convert.FromHexString(hex));
        Assert.Equal(HttpStatusCode.InternalServerError, status);
        Assert.Contains(message, Encoding.UTF8.GetString(body));
    }
}
