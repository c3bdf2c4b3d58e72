using Granary.Serving.Embeddings.Batches;
using Granary.Serving.Embeddings.Configuration;
using Granary.Serving.Embeddings.Lookup;
using Granary.Serving.Embeddings.Store;
using Granary.Torch;

namespace Granary.Serving.Tests.Embeddings.Lookup;

public sealed class EmbeddingLookupTests : IDisposable
{
    private readonly EmbeddingStore _store = new();

    public EmbeddingLookupTests() => _store.Set([7, 9], 2, [0.5f, -0.5f, 1, 2]);

    public void Dispose() => _store.Dispose();

    [Fact]
    public async Task ToTensorsAsync_TheExampleSummed_IsAsByHand()
    {
        Assert.Equal("float16 [2,2]: 0.5 -0.5 1.5 1.5", await RunAsync(new SlotConfig("a", 2)));
        var scaled = (float)(Half)(1.5f / MathF.Sqrt(2));
        Assert.Equal($"float16 [2,2]: 0.5 -0.5 {scaled} {scaled}", await RunAsync(new SlotConfig("a", 2) { SqrtScaling = true }));
    }

    [Fact]
    public async Task ToTensorsAsync_TheExampleRaw_HasAMaskColumn() => Assert.Equal(
        "float16 [2,3,3]: 0.5 -0.5 1 0 0 0 0 0 0 0.5 -0.5 1 1 2 1 0 0 0",
        await RunAsync(new SlotConfig("a", 2) { Summation = false, SampleFixedSize = 3 }));

    [Fact]
    public async Task ToTensorsAsync_AnotherDim_IsZerosThatCount() => Assert.Equal(
        "float16 [2,1,4]: 0 0 0 1 0 0 0 1",
        await RunAsync(new SlotConfig("a", 3) { Summation = false, SampleFixedSize = 1 }));

    [Fact]
    public async Task RunAsync_Raw_GivesRowsIndexAndCountsAsPersiasWorker()
    {
        var lookup = new EmbeddingLookup(new EmbeddingConfig([new SlotConfig("a", 2) { Summation = false, SampleFixedSize = 2 }], 8), _store);
        using var batch = Batch([7], [7, 9, 7, 7]);
        var raw = Assert.IsType<RawEmbedding>(Assert.Single(await lookup.RunAsync(batch.Features, true)));
        Assert.Equal("float32 [3,2]: 0 0 0.5 -0.5 1 2", Text(Show(raw.Rows)));
        Assert.Equal([1, 0, 1, 2], raw.Index.As<long>().ToArray());
        Assert.Equal([1, 2], raw.Counts.As<long>().ToArray());
        raw.Dispose();
    }

    [Fact]
    public async Task RunAsync_UnknownFeature_IsNamed()
    {
        var lookup = new EmbeddingLookup(new EmbeddingConfig([.. Enumerable.Range(0, 10).Select(static i => new SlotConfig($"f{i}", 2))], 8), _store);
        using var batch = Batch([7]);
        var exception = await Assert.ThrowsAsync<ServingException>(() => lookup.RunAsync(batch.Features, false).AsTask());
        Assert.Equal(ServingError.InvalidArgument, exception.Error);
        Assert.Equal("the batch has a sparse feature 'a', which is no slot of embedding_config.yaml; it has 'f0', 'f1', 'f2', 'f3', 'f4', 'f5', 'f6', 'f7' and 2 more", exception.Message);
    }

    [Fact]
    public async Task RunAsync_FeaturesOfTheBatch_ComeInItsOrderAndOnlyThey()
    {
        var lookup = new EmbeddingLookup(new EmbeddingConfig([new SlotConfig("a", 2), new SlotConfig("b", 3), new SlotConfig("c", 2)], 8), _store);
        using var batch = PersiaBatchReader.Read(new PersiaBatchBuilder().AddSparse("c", [[7]]).AddSparse("a", [[], [9]]).ToBytes());
        var embeddings = await lookup.RunAsync(batch.Features, true);
        Assert.Equal(["c", "a"], embeddings.Select(static embedding => embedding.Name));
        Assert.Equal(["float32 [1,2]", "float32 [2,2]"], embeddings.Select(static embedding => Show(embedding.ToTensor()).Type));
        using var none = PersiaBatchReader.Read(new PersiaBatchBuilder().ToBytes());
        Assert.Empty(await lookup.ToTensorsAsync(none, true));
    }

    [Fact]
    public async Task ToTensorsAsync_TooLarge_IsRefused()
    {
        var lookup = new EmbeddingLookup(new EmbeddingConfig([new SlotConfig("a", 65_536) { Summation = false, SampleFixedSize = 65_535 }], 8), _store);
        using var batch = Batch([7]);
        Assert.Equal(ServingError.TooLarge, (await Assert.ThrowsAsync<ServingException>(() => lookup.ToTensorsAsync(batch, true).AsTask())).Error);
    }

    [Fact]
    public async Task ToTensorsAsync_AnySlotsAndBatches_AreThoseOfTheSlowReference()
    {
        var random = new Random(13);
        for (var round = 0; round < 300; round++)
        {
            var bits = random.Next(1, 40);
            var slots = Enumerable.Range(0, random.Next(1, 5)).Select(i => new SlotConfig($"f{i}", random.Next(1, 40))
            {
                Summation = random.Next(2) == 0,
                SqrtScaling = random.Next(2) == 0,
                SampleFixedSize = random.Next(1, 6),
                HashStackRounds = random.Next(3) == 0 ? random.Next(1, 5) : 0,
                HashStackSize = (ulong)random.Next(1, 30),
                Prefix = random.Next(3) == 0 ? 0 : (ulong)random.Next(1, 3) << (64 - bits - 1),
            }).ToList();
            var config = new EmbeddingConfig(slots, bits);
            using var store = new EmbeddingStore();
            var known = new Dictionary<(ulong, int), float[]>();
            var samples = slots.Select(_ => Samples(random)).ToList();
            var builder = new PersiaBatchBuilder();
            for (var i = 0; i < slots.Count; i++)
            {
                builder.AddSparse(slots[i].Name, samples[i]);
                foreach (var id in samples[i].SelectMany(static sample => sample).Distinct())
                {
                    foreach (var sign in slots[i].HashStackRounds == 0 ? [id] : SlowLookup.Buckets(slots[i], id))
                        Learn(SlowLookup.Prefixed(slots[i], config.Spacing, sign), slots[i].Dim);
                }
            }

            using var batch = PersiaBatchReader.Read(builder.ToBytes());
            foreach (var asFloat32 in new[] { true, false })
            {
                var here = await new EmbeddingLookup(config, store).ToTensorsAsync(batch, asFloat32);
                var elsewhere = await new EmbeddingLookup(config, new Elsewhere(store)).ToTensorsAsync(batch, asFloat32);
                for (var i = 0; i < slots.Count; i++)
                {
                    float[]? Find(ulong sign) => known.GetValueOrDefault((sign, slots[i].Dim));
                    var expected = slots[i].Summation ? SlowLookup.Sum(slots[i], config.Spacing, samples[i], Find) : SlowLookup.Raw(slots[i], config.Spacing, samples[i], Find);
                    if (!asFloat32)
                        expected = [.. expected.Select(static element => (float)(Half)element)];
                    Assert.Equal(expected, Show(here[i]).Values);
                    Assert.Equal(expected, Show(elsewhere[i]).Values);
                    here[i].Dispose();
                    elsewhere[i].Dispose();
                }
            }

            void Learn(ulong sign, int dim)
            {
                if (random.Next(5) == 0)
                    return;
                // Small whole numbers: their sums do not depend on the order.
                var row = Enumerable.Range(0, dim).Select(_ => (float)random.Next(-20, 20)).ToArray();
                foreach (var key in known.Keys.Where(key => key.Item1 == sign).ToList())
                    known.Remove(key);
                known[(sign, dim)] = row;
                store.Set([sign], dim, row);
            }
        }
    }

    private static ulong[][] Samples(Random random)
    {
        var ids = Enumerable.Range(0, random.Next(1, 30)).Select(_ => random.Next(2) == 0 ? (ulong)random.Next(40) : (ulong)random.NextInt64(long.MinValue, long.MaxValue)).ToArray();
        return [.. Enumerable.Range(0, random.Next(8)).Select(_ => Enumerable.Range(0, random.Next(8)).Select(_ => ids[random.Next(ids.Length)]).ToArray())];
    }

    private static PersiaBatch Batch(params ulong[][] samples) => PersiaBatchReader.Read(new PersiaBatchBuilder().AddSparse("a", samples).ToBytes());

    private static (string Type, float[] Values) Show(Tensor tensor) =>
        ($"{tensor.DType.TorchName()} [{string.Join(',', tensor.Shape.ToArray())}]", tensor.DType == DType.Float32 ? tensor.As<float>().ToArray() : [.. tensor.As<Half>().ToArray().Select(static half => (float)half)]);

    private static string Text((string Type, float[] Values) shown) => $"{shown.Type}: {string.Join(' ', shown.Values)}";

    private async Task<string> RunAsync(SlotConfig slot)
    {
        using var batch = Batch([7], [7, 9]);
        using var tensor = Assert.Single(await new EmbeddingLookup(new EmbeddingConfig([slot], 8), _store).ToTensorsAsync(batch, false));
        return Text(Show(tensor));
    }

    /// <summary>Rows that are not in this process, as far as anybody can tell.</summary>
    private sealed class Elsewhere(EmbeddingStore store) : IEmbeddingRows
    {
        public async ValueTask LookupAsync(ReadOnlyMemory<RowGroup> groups, CancellationToken cancellationToken)
        {
            await Task.Yield();
            for (var i = 0; i < groups.Length; i++)
                store.Lookup(groups.Span[i].Signs.Span, groups.Span[i].Dim, groups.Span[i].Rows.Span);
        }
    }
}
