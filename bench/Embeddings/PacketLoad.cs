using System.Diagnostics;
using Granary.Serving.Embeddings.Store;
using Microsoft.Extensions.Logging.Abstractions;

namespace Granary.Bench.Embeddings;

/// <summary>Packets of a million rows each, of known signs and of a few new ones, through the scanner.</summary>
internal static class PacketLoad
{
    private const int Packets = 20;
    private const int PacketRows = 50_000;

    public static void ApplyBeside(EmbeddingStore store, long rows, int dim, Action beside)
    {
        var directory = Path.Combine(Path.GetTempPath(), "granary-embeddings-bench", "packets");
        if (Directory.Exists(directory))
            Directory.Delete(directory, true);
        Make(directory, rows, dim);
        // Each round is a new scanner, as after a restart.
        Round(store, directory, "packets alone");
        using var stop = new CancellationTokenSource();
        var applying = new Thread(() =>
        {
            while (!stop.IsCancellationRequested)
                Round(store, directory, null);
            Round(store, directory, null);
        });
        _rows = 0;
        _scanner = null;
        var clock = Stopwatch.StartNew();
        applying.Start();
        beside();
        var elapsed = clock.Elapsed;
        Console.WriteLine($"packets beside lookups: {(_rows + (_scanner?.Snapshot.RowsApplied ?? 0)) / elapsed.TotalSeconds / 1e6:F2} M rows/s");
        stop.Cancel();
        applying.Join();
    }

    private static long _rows;
    private static IncrementalScanner? _scanner;

    private static void Round(EmbeddingStore store, string directory, string? name)
    {
        var scanner = new IncrementalScanner(store, new IncrementalOptions { Directory = directory }, TimeProvider.System, NullLogger<IncrementalScanner>.Instance);
        _scanner = scanner;
        var clock = Stopwatch.StartNew();
        scanner.Scan();
        _scanner = null;
        _rows += scanner.Snapshot.RowsApplied;
        if (name is not null)
            Console.WriteLine($"{name}: {scanner.Snapshot.RowsApplied:N0} rows in {clock.Elapsed.TotalSeconds:F2} s, {scanner.Snapshot.RowsApplied / clock.Elapsed.TotalSeconds / 1e6:F2} M rows/s");
    }

    private static void Make(string directory, long rows, int dim)
    {
        var config = CheckpointMaker.Config(dim);
        var random = new Random(1);
        var row = new float[dim];
        for (var packet = 0; packet < Packets; packet++)
        {
            var folder = Directory.CreateDirectory(Path.Combine(directory, "s0", $"inc_202311142213{packet:d2}")).FullName;
            using var stream = new FileStream(Path.Combine(folder, "0_0.inc"), FileMode.Create, FileAccess.Write, FileShare.None, 1 << 20);
            using var writer = PersiaFileWriter.Packet(stream, PersiaFormat.V2, PacketRows, 1_700_000_000);
            for (var i = 0; i < PacketRows; i++)
                writer.Add((ulong)random.NextInt64(rows / CheckpointMaker.Features) + config.Slots[random.Next(CheckpointMaker.Features)].Prefix, row);
            File.WriteAllText(Path.Combine(folder, "inc_update_done"), "");
        }
    }
}
