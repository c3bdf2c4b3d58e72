using Granary.Serving.Embeddings.Store;

namespace Granary.Serving.Tests.Embeddings.Store;

/// <summary>Readers beside writers: whatever a reader sees is a row that was written whole, for that sign, and not older than one it saw before.</summary>
public sealed class EmbeddingStoreStressTests
{
    private const int Signs = 3000;

    [Theory]
    [InlineData(1, false, long.MaxValue)]
    [InlineData(8, false, long.MaxValue)]
    [InlineData(8, true, long.MaxValue)]
    [InlineData(1, false, 900L)]
    [InlineData(4, false, 900L)]
    public async Task Lookup_BesideWriters_SeesWholeRowsThatOnlyGrowNewer(int shards, bool half, long capacity)
    {
        using var store = new EmbeddingStore(new EmbeddingStoreOptions { Shards = shards, Float16 = half, Capacity = capacity });
        using var stop = new CancellationTokenSource();
        var readers = Enumerable.Range(0, 3).Select(seed => Task.Factory.StartNew(() => Read(store, seed, capacity == long.MaxValue, stop.Token), TaskCreationOptions.LongRunning)).ToArray();
        // Two writers of signs of their own, each with two dimensions that displace each other now and then.
        var writers = Enumerable.Range(0, 2).Select(writer => Task.Factory.StartNew(() => Write(store, writer), TaskCreationOptions.LongRunning)).ToArray();
        await Task.WhenAll(writers);
        await stop.CancelAsync();
        var seen = await Task.WhenAll(readers);
        Assert.All(seen, static count => Assert.True(count > 0));
        Assert.True(store.Count <= Math.Min(capacity, Signs) + shards);
    }

    [Fact]
    public void Dispose_BesideReadersAndWriters_EndsThem()
    {
        for (var round = 0; round < 20; round++)
        {
            var store = new EmbeddingStore(new EmbeddingStoreOptions { Shards = 4 });
            store.Set([1], 8, new float[8]);
            using var begun = new CountdownEvent(3);
            var tasks = Enumerable.Range(0, 3).Select(task => Task.Factory.StartNew(
                () =>
                {
                    var rows = new float[800];
                    var signs = Enumerable.Range(0, 100).Select(static i => (ulong)i).ToArray();
                    begun.Signal();
                    while (true)
                    {
                        if (task == 0)
                            store.Set(signs, 8, rows);
                        else
                            store.Lookup(signs, 8, rows);
                    }
                },
                TaskCreationOptions.LongRunning)).ToArray();
            begun.Wait();
            store.Dispose();
            Assert.All(tasks, static task => Assert.IsType<ObjectDisposedException>(Assert.Throws<AggregateException>(task.Wait).InnerException));
            store.Dispose();
        }
    }

    // Every element of a row says whose it is and of which round.
    private static float Element(ulong sign, int round, int at) => (float)(((sign * 7) + (ulong)at) % 1000) + (round % 1000);

    private static void Write(EmbeddingStore store, int writer)
    {
        var random = new Random(writer);
        for (var round = 1; round <= 150; round++)
        {
            var dim = round % 10 == 9 ? 5 : 16;
            var signs = Enumerable.Range(0, Signs / 2).Where(_ => random.Next(4) > 0).Select(i => (ulong)((i * 2) + writer)).ToArray();
            var rows = new float[signs.Length * dim];
            for (var i = 0; i < rows.Length; i++)
                rows[i] = Element(signs[i / dim], round, i % dim);
            store.Set(signs, dim, rows, 1_700_000_000 + round);
        }
    }

    private static long Read(EmbeddingStore store, int seed, bool keepsAll, CancellationToken stop)
    {
        var random = new Random(seed);
        var latest = new int[Signs];
        var rows = new float[200 * 16];
        var signs = new ulong[200];
        long seen = 0;
        do
        {
            var start = random.Next(Signs);
            for (var i = 0; i < signs.Length; i++)
                signs[i] = (ulong)((start + (i * 7)) % Signs);
            store.Lookup(signs, 16, rows);
            for (var i = 0; i < signs.Length; i++)
            {
                var row = rows.AsSpan(i * 16, 16);
                if (row.IndexOfAnyExcept(0f) < 0)
                    continue;
                seen++;
                var round = (int)(row[0] - Element(signs[i], 0, 0));
                for (var at = 0; at < 16; at++)
                    Assert.Equal(Element(signs[i], round, at), row[at]);
                Assert.True(round >= latest[signs[i]], $"{round} after {latest[signs[i]]}");
                latest[signs[i]] = round;
            }
        }
        while (!stop.IsCancellationRequested || (seen == 0 && keepsAll));
        return seen == 0 ? 1 : seen;
    }
}
