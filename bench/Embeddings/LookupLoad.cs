using System.Diagnostics;
using Granary.Serving.Embeddings.Batches;
using Granary.Serving.Embeddings.Lookup;
using Granary.Serving.Embeddings.Store;

namespace Granary.Bench.Embeddings;

/// <summary>The seed's request, batch 128, 26 features, 16 ids, over and over; each thread has many different ones.</summary>
internal sealed class LookupLoad(EmbeddingStore store, long rows, int dim)
{
    private const int Batch = 128;
    private const int Ids = 16;
    private const int Requests = 32;
    private readonly EmbeddingLookup _lookup = new(CheckpointMaker.Config(dim), store);
    private readonly PersiaBatch[] _batches = [.. Enumerable.Range(0, Requests).Select(i => Make(i, rows / CheckpointMaker.Features))];

    public void Run(string name, int threads, TimeSpan time) => Measure(name, threads, time, batch =>
    {
        foreach (var tensor in _lookup.ToTensorsAsync(batch, false).AsTask().Result)
            tensor.Dispose();
    });

    public void RunRaw(string name, int threads, TimeSpan time)
    {
        var config = CheckpointMaker.Config(dim);
        var buffers = new ThreadLocal<(ulong[], float[])>(() => (new ulong[Batch * Ids], new float[Batch * Ids * dim]));
        Measure(name, threads, time, batch =>
        {
            var (signs, found) = buffers.Value;
            foreach (var feature in batch.Features)
            {
                feature.Signs.CopyTo(signs);
                var prefix = config.Find(feature.Name)!.Prefix;
                foreach (ref var sign in signs.AsSpan(0, feature.SignCount))
                    sign += prefix;
                store.Lookup(signs.AsSpan(0, feature.SignCount), dim, found.AsSpan(0, feature.SignCount * dim));
            }
        });
    }

    private void Measure(string name, int threads, TimeSpan time, Action<PersiaBatch> request)
    {
        foreach (var batch in _batches)
            request(batch);
        var allocated = GC.GetTotalAllocatedBytes(true);
        var cpu = Process.GetCurrentProcess().TotalProcessorTime;
        var clock = Stopwatch.StartNew();
        var latencies = new List<double>[threads];
        var busy = Enumerable.Range(0, threads).Select(static _ => new List<double>(100_000)).ToArray();
        var workers = Enumerable.Range(0, threads).Select(thread =>
        {
            var own = latencies[thread] = new List<double>(100_000);
            var worker = new Thread(() =>
            {
                for (var i = thread * 7; clock.Elapsed < time; i++)
                {
                    var start = Stopwatch.GetTimestamp();
                    var onCpu = OnCpu();
                    request(_batches[i % Requests]);
                    onCpu = OnCpu() - onCpu;
                    own.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
                    busy[thread].Add(onCpu / 1e6);
                }
            });
            worker.Start();
            return worker;
        }).ToList();
        workers.ForEach(static worker => worker.Join());
        var elapsed = clock.Elapsed.TotalSeconds;
        var cores = (Process.GetCurrentProcess().TotalProcessorTime - cpu).TotalSeconds;
        var all = latencies.SelectMany(static own => own).Order().ToArray();
        var summed = (double)all.Length * Batch * Ids * CheckpointMaker.Features;
        var allBusy = busy.SelectMany(static own => own).Order().ToArray();
        Console.WriteLine($"{name}: {summed / elapsed / 1e6:F1} M summed rows/s, {summed / allBusy.Sum() / 1e3:F1} M a core-second, {all.Length / elapsed:F0} requests/s, p50 {all[all.Length / 2]:F2} ms, p99 {all[(int)(all.Length * 0.99)]:F2} ms, on the processor p50 {allBusy[allBusy.Length / 2]:F2} ms, p99 {allBusy[(int)(allBusy.Length * 0.99)]:F2} ms, {(GC.GetTotalAllocatedBytes(true) - allocated) / all.Length:N0} bytes of garbage a request");
    }

    // Nanoseconds that this thread has run: on a busy machine the wall clock says little.
    private static long OnCpu()
    {
        Span<byte> text = stackalloc byte[64];
        using var file = File.OpenHandle("/proc/thread-self/schedstat");
        var read = RandomAccess.Read(file, text, 0);
        System.Buffers.Text.Utf8Parser.TryParse(text[..read], out long value, out _);
        return value;
    }

    private static PersiaBatch Make(int seed, long ids)
    {
        var random = new Random(seed);
        var builder = new PersiaBatchBuilder();
        for (var i = 1; i <= CheckpointMaker.Features; i++)
            builder.AddSparse($"feature{i}", [.. Enumerable.Range(0, Batch).Select(_ => Enumerable.Range(0, Ids).Select(_ => (ulong)random.NextInt64(ids)).ToArray())]);
        return PersiaBatchReader.Read(builder.ToBytes());
    }
}
