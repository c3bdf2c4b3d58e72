using Granary.Serving.Embeddings.Store;

namespace Granary.Serving.Tests.Embeddings.Store;

public sealed class EmbeddingStoreTests
{
    [Fact]
    public void Lookup_MissingOrOfAnotherDim_GivesZeros()
    {
        using var store = new EmbeddingStore();
        store.Set([7, 9], 2, [0.5f, -0.5f, 1, 2]);
        Assert.Equal([1, 2, 0, 0, 0.5f, -0.5f], Rows(store, 2, 9, 8, 7));
        Assert.Equal([0, 0, 0], Rows(store, 3, 7));
        Assert.Equal((2, true, false, false), (store.Count, store.Contains(7, 2), store.Contains(7, 3), store.Contains(8, 2)));
    }

    [Fact]
    public void Set_OfAnotherDim_TakesTheOldEntryOut()
    {
        using var store = new EmbeddingStore();
        store.Set([7], 2, [1, 2]);
        store.Set([7], 3, [3, 4, 5]);
        Assert.Equal([0, 0], Rows(store, 2, 7));
        Assert.Equal([3, 4, 5], Rows(store, 3, 7));
        Assert.Equal(1, store.Count);
    }

    [Fact]
    public void Set_Older_IsNotWritten()
    {
        using var store = new EmbeddingStore();
        Assert.Equal(1, store.Set([7], 1, [1], 1_700_000_000));
        Assert.Equal(0, store.Set([7], 1, [2], 1_699_999_999));
        Assert.Equal(0, store.Set([7], 1, [3], 0));
        Assert.Equal(0, store.Set([7], 2, [3, 3], 1));
        Assert.Equal([1], Rows(store, 1, 7));
        Assert.Equal(1, store.Set([7], 1, [4], 1_700_000_000));
        Assert.Equal([4], Rows(store, 1, 7));
    }

    [Fact]
    public void Set_OverCapacity_TheOldestGo()
    {
        using var store = new EmbeddingStore(new EmbeddingStoreOptions { Capacity = 3, Shards = 1 });
        for (var sign = 1ul; sign <= 5; sign++)
            store.Set([sign], 1, [sign], 10);
        Assert.Equal([0, 0, 3, 4, 5], Rows(store, 1, 1, 2, 3, 4, 5));
        store.Set([3], 1, [33], 11);
        store.Set([6], 1, [6], 11);
        Assert.Equal([33, 0, 5, 6], Rows(store, 1, 3, 4, 5, 6));
        Assert.Equal((3, 3), (store.Count, store.Evicted));
    }

    [Theory]
    [InlineData(1, false, 1_000_000L)]
    [InlineData(16, true, 1_000_000L)]
    [InlineData(4, false, 700L)]
    [InlineData(1, false, 700L)]
    public void RandomOperations_AgainstADictionary_AgreeAlways(int shards, bool half, long capacity)
    {
        using var store = new EmbeddingStore(new EmbeddingStoreOptions { Shards = shards, Float16 = half, Capacity = capacity });
        var model = new Dictionary<ulong, (int Dim, float[] Row, long Time)>();
        var random = new Random(5);
        int[] dims = [1, 3, 8, 16];
        for (var step = 0; step < 400; step++)
        {
            var dim = dims[random.Next(dims.Length)];
            var signs = Enumerable.Range(0, random.Next(1, 60)).Select(_ => (ulong)random.Next(2000) << (random.Next(2) * 40)).ToArray();
            var rows = Enumerable.Range(0, signs.Length * dim).Select(_ => (float)random.Next(-1000, 1000)).ToArray();
            // Of what was evicted the time is forgotten, so with a bound time only goes forward.
            var time = capacity < 4000 ? 1_700_000_000L + step : random.Next(6) == 0 ? 0 : 1_700_000_000L + step - random.Next(10);
            var written = store.Set(signs, dim, rows, time);
            var expected = 0;
            for (var i = 0; i < signs.Length; i++)
            {
                if (model.TryGetValue(signs[i], out var known) && known.Time > time)
                    continue;
                model[signs[i]] = (dim, rows[(i * dim)..((i + 1) * dim)], time);
                expected++;
            }

            if (capacity > 4000)
            {
                Assert.Equal(expected, written);
                Assert.Equal(model.Count, store.Count);
            }

            Assert.True(store.Count <= capacity + shards);
            var asked = Enumerable.Range(0, 50).Select(_ => (ulong)random.Next(2000) << (random.Next(2) * 40)).ToArray();
            foreach (var other in dims)
            {
                var found = Rows(store, other, asked);
                for (var i = 0; i < asked.Length; i++)
                {
                    var row = found[(i * other)..((i + 1) * other)];
                    if (capacity > 4000 || row.Any(static element => element != 0))
                        Assert.Equal(model.TryGetValue(asked[i], out var known) && known.Dim == other ? known.Row : new float[other], row);
                }
            }
        }
    }

    private static float[] Rows(EmbeddingStore store, int dim, params ulong[] signs)
    {
        var rows = Enumerable.Repeat(float.NaN, signs.Length * dim).ToArray();
        store.Lookup(signs, dim, rows);
        return rows;
    }
}
