using System.Diagnostics;
using System.Globalization;
using Granary.Bench.Embeddings;
using Granary.Serving.Embeddings.Store;

// Sparse embeddings in process: bytes a row, load time, lookups, packets. Usage: Embeddings [rows] [dim] [half]
CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
var rows = args.Length > 0 ? long.Parse(args[0]) : 20_000_000;
var dim = args.Length > 1 ? int.Parse(args[1]) : 16;
var half = args.Contains("half");
var directory = Path.Combine(Path.GetTempPath(), "granary-embeddings-bench", $"{rows}x{dim}");
CheckpointMaker.Make(directory, rows, dim);

var before = Process.GetCurrentProcess().WorkingSet64;
using var store = new EmbeddingStore(new EmbeddingStoreOptions { Float16 = half });
var cpu = Process.GetCurrentProcess().TotalProcessorTime;
var clock = Stopwatch.StartNew();
await SparseCheckpoint.Open(directory).LoadAsync(store, new CheckpointOptions { Workers = 2 });
Console.WriteLine($"load: {store.Count:N0} rows of dim {dim} in {clock.Elapsed.TotalSeconds:F1} s, {store.Count / clock.Elapsed.TotalSeconds / 1e6:F2} M rows/s, {store.Count / (Process.GetCurrentProcess().TotalProcessorTime - cpu).TotalSeconds / 1e6:F2} a core-second");
Console.WriteLine($"resident: {(double)store.ResidentBytes / store.Count:F2} bytes a row; process {(double)(Process.GetCurrentProcess().WorkingSet64 - before) / store.Count:F2}");

var lookups = new LookupLoad(store, rows, dim);
if (args.Contains("store"))
{
    lookups.RunRaw("store only", 1, TimeSpan.FromSeconds(6));
    return;
}

foreach (var threads in new[] { 1, 2 })
    lookups.Run($"lookup, {threads} thread(s)", threads, TimeSpan.FromSeconds(2));
lookups.RunRaw("store only, 2 threads", 2, TimeSpan.FromSeconds(2));

// One thread of lookups, and packets on the other core.
lookups.Run("lookup alone, 1 thread", 1, TimeSpan.FromSeconds(2));
PacketLoad.ApplyBeside(store, rows, dim, () => lookups.Run("lookup beside packets, 1 thread", 1, TimeSpan.FromSeconds(2)));
