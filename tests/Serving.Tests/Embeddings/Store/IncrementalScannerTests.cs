using Granary.Serving.Embeddings.Store;
using Granary.Serving.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace Granary.Serving.Tests.Embeddings.Store;

public sealed class IncrementalScannerTests : IDisposable
{
    private readonly TempDirectory _directory = new();
    private readonly EmbeddingStore _store = new();
    private readonly ManualTimeProvider _time = new();

    public void Dispose()
    {
        _store.Dispose();
        _directory.Dispose();
    }

    [Theory]
    [InlineData(PersiaFiles.Inc, "inc_update_done")]
    [InlineData(PersiaFiles.IncV0, "inc_done")]
    public void Scan_TheVectorWithItsMarker_IsApplied(string hex, string marker)
    {
        Bytes("s0/inc_20231114221320/0_0.inc", Convert.FromHexString(hex));
        _directory.File("s0/inc_20231114221320/" + marker, "");
        var scanner = Scanner();
        scanner.Scan();
        Assert.Equal([0.25f, 0.75f], PersiaFiles.Rows(_store, 2, 7));
        var packet = DateTimeOffset.FromUnixTimeSeconds(PersiaFiles.IncSeconds);
        Assert.Equal(new IncrementalSnapshot { Scans = 1, DirectoryExists = true, PacketsApplied = 1, RowsApplied = 1, NewestPacket = packet, Delay = _time.GetUtcNow() - packet }, scanner.Snapshot);
        scanner.Scan();
        Assert.Equal((2, 1), (scanner.Snapshot.Scans, scanner.Snapshot.PacketsApplied));
    }

    [Fact]
    public void Scan_WithoutAMarker_WaitsUntilItComesOrNothingChangesForAWhile()
    {
        Packet("s0/inc_1/0_0.inc", 10, (1, [1]));
        Packet("s0/inc_2/0_1.inc", 10, (2, [2]));
        var scanner = Scanner();
        scanner.Scan();
        Assert.Equal((0, 2), (scanner.Snapshot.PacketsApplied, scanner.Snapshot.PacketsPending));
        _directory.File("s0/inc_2/inc_update_done", "");
        scanner.Scan();
        Assert.Equal([0, 2], PersiaFiles.Rows(_store, 1, 1, 2));
        _time.Advance(TimeSpan.FromSeconds(59));
        scanner.Scan();
        Assert.Equal(1, scanner.Snapshot.PacketsPending);
        Packet("s0/inc_1/0_0.inc", 10, (1, [1]), (3, [3]));
        _time.Advance(TimeSpan.FromSeconds(59));
        scanner.Scan();
        Assert.Equal(1, scanner.Snapshot.PacketsPending);
        _time.Advance(TimeSpan.FromSeconds(60));
        scanner.Scan();
        Assert.Equal([1, 2, 3], PersiaFiles.Rows(_store, 1, 1, 2, 3));
        Assert.Equal(0, scanner.Snapshot.PacketsPending);
    }

    [Fact]
    public void Scan_PacketsOfAnyOrder_TheLatestOfEachSignStays()
    {
        Marked("s1/inc_3", 30, (1, [3]), (2, [3]));
        Marked("s0/inc_1", 10, (1, [1]), (3, [1]));
        var scanner = Scanner();
        scanner.Scan();
        Marked("s0/inc_2", 20, (1, [2]), (2, [2]), (3, [2]), (4, [2]));
        scanner.Scan();
        Assert.Equal([3, 3, 2, 2], PersiaFiles.Rows(_store, 1, 1, 2, 3, 4));
        Assert.Equal((3, 6, 2), (scanner.Snapshot.PacketsApplied, scanner.Snapshot.RowsApplied, scanner.Snapshot.RowsStale));
    }

    [Fact]
    public void Scan_DirectoryComesLater_IsRead()
    {
        var scanner = new IncrementalScanner(_store, new IncrementalOptions { Directory = _directory.Path + "/later" }, _time, NullLogger<IncrementalScanner>.Instance);
        scanner.Scan();
        Assert.False(scanner.Snapshot.DirectoryExists);
        Marked("later/inc_1", 10, (1, [1]));
        scanner.Scan();
        Assert.Equal([1], PersiaFiles.Rows(_store, 1, 1));
    }

    [Fact]
    public void Scan_HalfAPacket_IsAppliedOnceItIsWhole()
    {
        var bytes = Convert.FromHexString(PersiaFiles.Inc);
        _directory.File("s0/inc_1/inc_update_done", "");
        var scanner = Scanner();
        for (var length = 0; length < bytes.Length; length++)
        {
            Bytes("s0/inc_1/0_0.inc", bytes[..length]);
            scanner.Scan();
            Assert.Equal((0, 1, 0), (scanner.Snapshot.PacketsApplied, scanner.Snapshot.PacketsPending, scanner.Snapshot.PacketsQuarantined));
        }

        Bytes("s0/inc_1/0_0.inc", bytes);
        scanner.Scan();
        Assert.Equal((1, 0), (scanner.Snapshot.PacketsApplied, scanner.Snapshot.PacketsPending));
    }

    [Fact]
    public void Scan_EveryTruncation_EndsInQuarantineAndNothingOfItIsApplied()
    {
        var bytes = Convert.FromHexString(PersiaFiles.Inc);
        for (var length = 0; length < bytes.Length; length++)
            Bytes($"s0/inc_1/0_{length}.inc", bytes[..length]);
        Bytes("s0/inc_1/long.inc", [.. bytes, 0]);
        Marked("s0/inc_2", 10, (1, [1]));
        var scanner = Scanner();
        scanner.Scan();
        _time.Advance(TimeSpan.FromMinutes(1));
        scanner.Scan();
        Assert.Equal((bytes.Length + 1, 1, 0), (scanner.Snapshot.PacketsQuarantined, scanner.Snapshot.PacketsApplied, scanner.Snapshot.PacketsPending));
        Assert.Equal(1, _store.Count);
        Assert.Empty(Directory.GetFiles(_directory.Path + "/s0/inc_1"));
        Assert.Equal(bytes.Length + 1, Directory.GetFiles(_directory.Path + "/quarantine", "s0.inc_1.*").Length);
        Assert.StartsWith("packet 's0/inc_1/long.inc' is damaged: ", scanner.Snapshot.LastError, StringComparison.Ordinal);
    }

    [Fact]
    public void Scan_QuarantineCannotBeMade_TheDamagedPacketIsOnlyRemembered()
    {
        Bytes("s0/inc_1/0_0.inc", [1, 2, 3]);
        _directory.File("quarantine", "a file stands in the way");
        var scanner = Scanner();
        scanner.Scan();
        _time.Advance(TimeSpan.FromMinutes(1));
        scanner.Scan();
        scanner.Scan();
        Assert.Equal((1, 0), (scanner.Snapshot.PacketsQuarantined, scanner.Snapshot.PacketsPending));
        Packet("s0/inc_1/0_0.inc", 10, (1, [1]));
        scanner.Scan();
        _time.Advance(TimeSpan.FromMinutes(1));
        scanner.Scan();
        Assert.Equal([1], PersiaFiles.Rows(_store, 1, 1));
    }

    [Fact]
    public void Scan_FromTheFuture_IsDamaged()
    {
        Packet("s0/inc_1/0_0.inc", long.MaxValue, (1, [1]));
        Packet("s0/inc_1/0_1.inc", _time.GetUtcNow().ToUnixTimeSeconds() + 3600, (2, [1]));
        var scanner = Scanner();
        scanner.Scan();
        _time.Advance(TimeSpan.FromMinutes(1));
        scanner.Scan();
        Assert.Equal((1, 1, TimeSpan.Zero), (scanner.Snapshot.PacketsQuarantined, scanner.Snapshot.PacketsApplied, scanner.Snapshot.Delay!.Value));
    }

    [Fact]
    public void Scan_OlderThanAskedFor_IsSkipped()
    {
        Marked("s0/inc_1", 99, (1, [1]));
        Marked("s0/inc_2", 100, (2, [2]));
        var scanner = Scanner(new IncrementalOptions { Directory = _directory.Path, NotBefore = DateTimeOffset.FromUnixTimeSeconds(100) });
        scanner.Scan();
        Assert.Equal([0, 2], PersiaFiles.Rows(_store, 1, 1, 2));
        Assert.Equal((1, 1), (scanner.Snapshot.PacketsSkipped, scanner.Snapshot.PacketsApplied));
    }

    [Fact]
    public void Scan_PartOfTheSigns_AppliesOnlyThose()
    {
        var entries = Enumerable.Range(1, 100).Select(static i => ((ulong)i, new float[] { i })).ToArray();
        Marked("s0/inc_1", 10, entries);
        Scanner(new IncrementalOptions { Directory = _directory.Path, Part = new SignPart(2, 3) }).Scan();
        Assert.All(entries, entry => Assert.Equal(SignPart.Of(entry.Item1, 3) == 2, _store.Contains(entry.Item1, 1)));
    }

    [Fact]
    public void Scan_AgainByANewScannerOrIntoANewStore_EndsWithTheSame()
    {
        var random = new Random(7);
        using var once = new EmbeddingStore();
        var expected = new Dictionary<ulong, (long Time, float Value)>();
        var scanner = Scanner();
        for (var packet = 0; packet < 60; packet++)
        {
            // Each packet has a time of its own; they do not come in its order.
            var time = 1_800_000_000L + ((packet - random.Next(20)) * 100) + packet;
            var entries = Enumerable.Range(0, 20).Select(_ => ((ulong)random.Next(300), new float[] { packet })).DistinctBy(static entry => entry.Item1).ToArray();
            Marked($"s{packet % 3}/inc_{random.Next(1000):d4}_{packet}", time, entries);
            foreach (var (sign, row) in entries)
            {
                if (!expected.TryGetValue(sign, out var known) || known.Time <= time)
                    expected[sign] = (time, row[0]);
            }

            // As if it was killed and started again, now and then.
            if (random.Next(4) == 0)
                scanner = Scanner();
            scanner.Scan();
        }

        Scanner().Scan();
        new IncrementalScanner(once, new IncrementalOptions { Directory = _directory.Path }, _time, NullLogger<IncrementalScanner>.Instance).Scan();
        foreach (var (sign, (_, value)) in expected)
        {
            Assert.Equal(PersiaFiles.Rows(once, 1, sign), PersiaFiles.Rows(_store, 1, sign));
            Assert.Equal([value], PersiaFiles.Rows(once, 1, sign));
        }
    }

    [Fact]
    public async Task RunAsync_OverTime_LooksAgainAndAgain()
    {
        using var stop = new CancellationTokenSource();
        var scanner = Scanner();
        var running = scanner.RunAsync(stop.Token);
        await _time.WaitForTimerAsync(static delay => delay == TimeSpan.FromSeconds(10));
        Marked("inc_1", 10, (1, [1]));
        while (scanner.Snapshot.PacketsApplied == 0)
        {
            _time.Advance(TimeSpan.FromSeconds(10));
            await Task.Yield();
        }

        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }

    private IncrementalScanner Scanner(IncrementalOptions? options = null) =>
        new(_store, options ?? new IncrementalOptions { Directory = _directory.Path }, _time, NullLogger<IncrementalScanner>.Instance);

    private void Marked(string folder, long seconds, params (ulong Sign, float[] Row)[] entries)
    {
        Packet(folder + "/0_0.inc", seconds, entries);
        _directory.File(folder + "/inc_update_done", "");
    }

    private void Packet(string name, long seconds, params (ulong Sign, float[] Row)[] entries) => PersiaFiles.WritePacket(Path.Combine(_directory.Path, name), seconds, entries);

    private void Bytes(string name, byte[] bytes)
    {
        _directory.File(name, "");
        File.WriteAllBytes(Path.Combine(_directory.Path, name), bytes);
    }
}
