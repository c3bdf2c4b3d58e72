using Granary.Serving.Embeddings.Store;
using Granary.Serving.Tests.Support;

namespace Granary.Serving.Tests.Embeddings.Store;

public sealed class SparseCheckpointTests : IDisposable
{
    private static readonly DateTimeOffset Written = DateTimeOffset.FromUnixTimeSeconds(1_700_000_000);
    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData(PersiaFormat.V2, PersiaFiles.Emb)]
    [InlineData(PersiaFormat.V0, PersiaFiles.EmbV0)]
    public async Task LoadAsync_TheVector_GivesItsContent(PersiaFormat format, string hex)
    {
        Vector(format, hex);
        using var store = new EmbeddingStore();
        await SparseCheckpoint.Open(_directory.Path).LoadAsync(store);
        Assert.Equal([0.5f, -0.5f, 1, 2], PersiaFiles.Rows(store, 2, 7, 9));
        Assert.Equal(2, store.Count);
    }

    [Theory]
    [InlineData(PersiaFormat.V2)]
    [InlineData(PersiaFormat.V0)]
    public async Task LoadAsync_SeveralServersAndFiles_LoadsAllOrOnePart(PersiaFormat format)
    {
        var entries = Entries(5000);
        PersiaFiles.WriteCheckpoint(_directory.Path, format, 3, 4, format == PersiaFormat.V2 ? Written : null, entries);
        var checkpoint = SparseCheckpoint.Open(_directory.Path);
        Assert.Equal((3, 12, 5000L, format == PersiaFormat.V2 ? Written : (DateTimeOffset?)null), (checkpoint.Shards, checkpoint.Files, checkpoint.Entries, checkpoint.Written));
        using var store = new EmbeddingStore();
        var last = default(CheckpointProgress);
        var progress = new Immediate(report => last = report.EntriesDone >= last.EntriesDone ? report : last);
        await checkpoint.LoadAsync(store, new CheckpointOptions { Workers = 3 }, progress);
        Assert.Equal((5000, 5000L, 1d), (store.Count, last.EntriesDone, last.Share));
        foreach (var (sign, row) in entries)
            Assert.Equal(row, PersiaFiles.Rows(store, row.Length, sign));
        using var part = new EmbeddingStore();
        await checkpoint.LoadAsync(part, new CheckpointOptions { Part = new SignPart(1, 5) });
        Assert.All(entries, entry => Assert.Equal(SignPart.Of(entry.Sign, 5) == 1, part.Contains(entry.Sign, entry.Row.Length)));
    }

    [Fact]
    public async Task LoadAsync_MoreThanTheStoreTakes_TheMostRecentlyUsedStay()
    {
        // A list whose order is not that of the array: 3 is the oldest, then 1, then 4, then 2; and one node is not in use.
        var head = Convert.FromHexString("0400000000000000" + "03000000" + "02000000" + "05000000" + "05000000" + "05000000");
        byte[] nodes = [.. Node(4, 3, 1), .. Node(0, 4, 2), .. Node(1, 0, 3), .. Node(2, 1, 4), .. new byte[9]];
        Vector(PersiaFormat.V2, Convert.ToHexString([.. head, .. nodes]));
        using var store = new EmbeddingStore(new EmbeddingStoreOptions { Capacity = 2 });
        await SparseCheckpoint.Open(_directory.Path).LoadAsync(store);
        Assert.Equal([0, 2, 0, 4], PersiaFiles.Rows(store, 1, 1, 2, 3, 4));
        Assert.Equal(0, store.Evicted);
    }

    [Fact]
    public async Task LoadAsync_ThenAPacket_IsNewerFromTenMinutesBeforeTheMarkerOn()
    {
        PersiaFiles.WriteCheckpoint(_directory.Path, PersiaFormat.V2, 1, 1, Written, [(1, [1]), (2, [1])]);
        using var store = new EmbeddingStore();
        await SparseCheckpoint.Open(_directory.Path).LoadAsync(store);
        Assert.Equal(0, store.Set([1], 1, [2], Written.ToUnixTimeSeconds() - 601));
        Assert.Equal(1, store.Set([2], 1, [2], Written.ToUnixTimeSeconds() - 599));
    }

    [Fact]
    public void Open_WhatIsNotComplete_SaysWhat()
    {
        Assert.Equal(ServingError.NotFound, Assert.Throws<ServingException>(() => SparseCheckpoint.Open(_directory.Path + "/no")).Error);
        Refused("has no embedding_dump_done");
        PersiaFiles.WriteCheckpoint(_directory.Path, PersiaFormat.V2, 3, 1, Written, Entries(9));
        var marker = File.ReadAllText(_directory.Path + "/embedding_dump_done");
        File.Delete(_directory.Path + "/s1/embedding_dump_done");
        Refused("has no s1/embedding_dump_done");
        Directory.Delete(_directory.Path + "/s1", true);
        Refused("has a folder s2 but no s1");
        Directory.Delete(_directory.Path + "/s2", true);
        Refused("was written by 3 servers and has 1 folders");
        _directory.File("embedding_dump_done", marker.Replace("3", "1"));
        SparseCheckpoint.Open(_directory.Path);
        _directory.File("embedding_dump_done", "num_shards: many");
        Refused("expected a whole number");
        _directory.File("embedding_dump_done", "datetime: {}");
        Refused("has no num_shards");
        _directory.File("embedding_dump_done", new string('x', 70_000));
        Refused("more than 65536 bytes");
        _directory.File("embedding_dump_done", "");
        Refused("entries of the other");
        foreach (var file in Directory.GetFiles(_directory.Path + "/s0", "*.emb"))
            File.Delete(file);
        Refused("has no .emb files in s0");
        Directory.Delete(_directory.Path + "/s0", true);
        Refused("has no folder s0");
    }

    [Theory]
    [InlineData(PersiaFormat.V2, PersiaFiles.Emb)]
    [InlineData(PersiaFormat.V0, PersiaFiles.EmbV0)]
    public async Task LoadAsync_EveryTruncation_IsRefused(PersiaFormat format, string hex)
    {
        var bytes = Convert.FromHexString(hex);
        for (var length = 0; length < bytes.Length; length++)
            Assert.Equal(ServingError.SourceFailed, (await LoadBytesAsync(format, bytes[..length]))!.Error);
        Assert.Contains("1 bytes follow behind the end", (await LoadBytesAsync(format, [.. bytes, 0]))!.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(PersiaFormat.V2, PersiaFiles.Emb)]
    [InlineData(PersiaFormat.V0, PersiaFiles.EmbV0)]
    public async Task LoadAsync_EveryByteChanged_IsReadOrRefused(PersiaFormat format, string hex)
    {
        var bytes = Convert.FromHexString(hex);
        foreach (var value in new byte[] { 0, 1, 2, 0x7f, 0x80, 0xff })
        {
            for (var at = 0; at < bytes.Length; at++)
            {
                var changed = (byte[])bytes.Clone();
                changed[at] = value;
                if (await LoadBytesAsync(format, changed) is { } error)
                    Assert.Equal(ServingError.SourceFailed, error.Error);
            }
        }
    }

    [Theory]
    [InlineData("0000000000000000" + "00000000" + "00000000" + "00000000" + "00000000" + "ffffffff", "4294967295 items")]
    [InlineData("ffffffffffffffff" + "00000000" + "00000000" + "00000000" + "00000000" + "00000000", "18446744073709551615 entries in 0 nodes")]
    [InlineData("0100000000000000" + "01000000" + "01000000" + "00000000" + "00000000" + "01000000" + "0000000000000000" + "01" + "ffffff7f", "do not fit")]
    [InlineData("0100000000000000" + "01000000" + "01000000" + "00000000" + "00000000" + "01000000" + "0000000000000000" + "00", "has 1 entries and has 0")]
    [InlineData("0100000000000000" + "01000000" + "01000000" + "00000000" + "00000000" + "01000000" + "0000000000000000" + "01" + "01000000" + "0000803f" + "0000000000000000" + "0000000000000000", "dimension 0")]
    public async Task LoadAsync_HostileCounts_AreRefused(string hex, string message) =>
        Assert.Contains(message, (await LoadBytesAsync(PersiaFormat.V2, Convert.FromHexString(hex)))!.Message, StringComparison.Ordinal);

    [Fact]
    public async Task LoadAsync_Cancelled_Stops()
    {
        PersiaFiles.WriteCheckpoint(_directory.Path, PersiaFormat.V2, 1, 2, Written, Entries(100));
        using var store = new EmbeddingStore();
        var checkpoint = SparseCheckpoint.Open(_directory.Path);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => checkpoint.LoadAsync(store, cancellationToken: new CancellationToken(true)));
    }

    private static List<(ulong Sign, float[] Row)> Entries(int count) =>
        [.. Enumerable.Range(1, count).Select(static i => ((ulong)(uint)i | ((ulong)(uint)(i % 40) << 50), Enumerable.Range(i, 1 + (i % 2)).Select(static x => x * 0.5f).ToArray()))];

    private static byte[] Node(uint next, uint previous, ulong sign) =>
    [
        .. BitConverter.GetBytes(next), .. BitConverter.GetBytes(previous), 1,
        .. BitConverter.GetBytes(1), .. BitConverter.GetBytes((float)sign), .. BitConverter.GetBytes(1UL), .. BitConverter.GetBytes(sign),
    ];

    private void Vector(PersiaFormat format, string hex)
    {
        Directory.CreateDirectory(_directory.Path + "/s0");
        File.WriteAllBytes(_directory.Path + "/s0/replica_0_shard_0.emb", Convert.FromHexString(hex));
        PersiaFileWriter.WriteMarkers(_directory.Path, 1, 1, format == PersiaFormat.V2 ? Written : null);
    }

    private async Task<ServingException?> LoadBytesAsync(PersiaFormat format, byte[] bytes)
    {
        Vector(format, Convert.ToHexString(bytes));
        using var store = new EmbeddingStore();
        try
        {
            await SparseCheckpoint.Open(_directory.Path).LoadAsync(store);
            return null;
        }
        catch (ServingException exception)
        {
            return exception;
        }
    }

    private void Refused(string why)
    {
        var exception = Assert.Throws<ServingException>(() => SparseCheckpoint.Open(_directory.Path));
        Assert.Equal(ServingError.SourceFailed, exception.Error);
        Assert.Contains(why, exception.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(_directory.Path, exception.Message, StringComparison.Ordinal);
    }

    private sealed class Immediate(Action<CheckpointProgress> report) : IProgress<CheckpointProgress>
    {
        private readonly Lock _lock = new();

        public void Report(CheckpointProgress value)
        {
            lock (_lock)
                report(value);
        }
    }
}
