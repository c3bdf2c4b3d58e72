using System.Collections.Concurrent;

namespace Granary.Serving.Embeddings.Store;

/// <content>How entries are written.</content>
public sealed unsafe partial class EmbeddingStore
{
    private const int MostDim = 65_536;
    private const int MostDims = 256;
    private const int BlockSigns = 4096;
    private const int Ahead = 8;
    private readonly ConcurrentBag<Writer> _writers = [];
    private readonly long _shardCapacity;
    private readonly Lock _baseLock = new();
    private long _base;
    private long _latest;
    private long _expected;

    /// <summary>Writes entries, in place of those that have the signs. They count as written at the latest time that was ever given.</summary>
    /// <param name="signs">Prefixed; of two that are the same the later one stays.</param>
    /// <param name="dim">Elements of a row, up to 65,536.</param>
    /// <param name="rows"><c>[signs, dim]</c>.</param>
    public void Set(ReadOnlySpan<ulong> signs, int dim, ReadOnlySpan<float> rows) => Set(signs, dim, rows, Volatile.Read(ref _latest));

    /// <summary>Writes entries that are not older than those that have the signs; so the order of calls does not matter.</summary>
    /// <param name="signs">Prefixed.</param>
    /// <param name="dim">Elements of a row, up to 65,536.</param>
    /// <param name="rows"><c>[signs, dim]</c>.</param>
    /// <param name="unixSeconds">When they were trained; 0 for before everything. Times more than 97 days before the latest are not told apart.</param>
    /// <returns>How many were written; the others were older.</returns>
    /// <exception cref="ArgumentException"><paramref name="rows"/> has another length.</exception>
    /// <exception cref="ObjectDisposedException">The store is gone.</exception>
    public int Set(ReadOnlySpan<ulong> signs, int dim, ReadOnlySpan<float> rows, long unixSeconds)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(dim, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(dim, MostDim);
        if (rows.Length != (long)signs.Length * dim)
            throw new ArgumentException($"{rows.Length} elements are no {signs.Length} rows of {dim}", nameof(rows));
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _disposed), this);
        MakeRoomForTime(unixSeconds);
        if (!_writers.TryTake(out var writer))
            writer = new Writer(_epoch, _shards.Length);
        var table = FindOrAdd(dim);
        var written = 0;
        try
        {
            while (signs.Length > 0)
            {
                var count = Math.Min(signs.Length, BlockSigns);
                written += SetBlock(writer, table, signs[..count], rows[..(count * dim)], unixSeconds);
                signs = signs[count..];
                rows = rows[(count * dim)..];
            }
        }
        finally
        {
            writer.Retired.Reclaim();
            _writers.Add(writer);
        }

        return written;
    }

    private int SetBlock(Writer writer, DimTable dim, ReadOnlySpan<ulong> signs, ReadOnlySpan<float> rows, long unixSeconds)
    {
        writer.Sort(signs, _shards.Length);
        var written = 0;
        for (var i = 0; i < _shards.Length; i++)
        {
            var order = writer.OfShard(i);
            if (order.Length == 0)
                continue;
            var shard = _shards[i];
            lock (shard.Lock)
            {
                ObjectDisposedException.ThrowIf(shard.IsClosed, this);
                var table = dim.Tables[i] ??= new ShardTable(_pool, shard.Lock, dim.Stride, dim.ChunkShift, dim.View(i), writer.Retired);
                var stamp = ToStamp(unixSeconds);
                for (var j = 0; j < order.Length; j++)
                {
                    if (j + Ahead < order.Length)
                        table.Prefetch(writer.Hash(order[j + Ahead]));
                    var at = order[j];
                    if (SetOne(writer.Retired, shard, i, dim, table, signs[at], writer.Hash(at), rows.Slice(at * dim.Dim, dim.Dim), stamp))
                        written++;
                }
            }
        }

        writer.Retired.Reclaim();
        return written;
    }

    private bool SetOne(Retired retired, Shard shard, int shardIndex, DimTable dim, ShardTable table, ulong sign, ulong hash, ReadOnlySpan<float> row, uint stamp)
    {
        var isKnown = table.TryFind(sign, hash, out var slot, out var before);
        if (isKnown && before > stamp)
            return false;
        if (!isKnown && !Displace(retired, shard, shardIndex, table, sign, hash, stamp))
            return false;
        Fill(table.NewRow(out var id, retired), sign, row, dim.IsHalf);
        if (isKnown)
        {
            table.Replace(slot, id, stamp, retired);
            return true;
        }

        table.Add(hash, id, stamp, _expected / _shards.Length, retired);
        Volatile.Write(ref shard.Count, shard.Count + 1);
        return true;
    }

    // A sign has one entry: that of another dimension goes. Then there must be room.
    private bool Displace(Retired retired, Shard shard, int shardIndex, ShardTable table, ulong sign, ulong hash, uint stamp)
    {
        ShardTable? largest = null;
        foreach (var other in Volatile.Read(ref _dims))
        {
            if (other.Tables[shardIndex] is not { } that)
                continue;
            if (that != table && that.TryFind(sign, hash, out _, out var before))
            {
                if (before > stamp)
                    return false;
                that.Remove(sign, hash, retired);
                Volatile.Write(ref shard.Count, shard.Count - 1);
            }

            if (largest is null || that.Count > largest.Count)
                largest = that;
        }

        while (shard.Count >= _shardCapacity)
        {
            (table.Count > 0 ? table : largest!).Evict(retired);
            Volatile.Write(ref shard.Count, shard.Count - 1);
            shard.Evicted++;
        }

        return true;
    }

    private static void Fill(byte* to, ulong sign, ReadOnlySpan<float> row, bool isHalf)
    {
        *(ulong*)to = sign;
        if (isHalf)
            HalfRows.Narrow(row, new Span<Half>(to + sizeof(ulong), row.Length));
        else
            row.CopyTo(new Span<float>(to + sizeof(ulong), row.Length));
    }

    private DimTable FindOrAdd(int dim)
    {
        if (Find(dim) is { } table)
            return table;
        lock (_dimsLock)
        {
            if (Find(dim) is { } other)
                return other;
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (_dims.Length == MostDims)
                throw new ServingException(ServingError.TooLarge, $"the embedding store has rows of {MostDims} dimensions already and gets one of dimension {dim}");
            var added = new DimTable(dim, _options.Float16, _shards.Length);
            Volatile.Write(ref _dims, [.. _dims, added]);
            return added;
        }
    }

    private uint ToStamp(long unixSeconds) => unixSeconds <= 0 ? 0 : (uint)Math.Clamp(unixSeconds - Volatile.Read(ref _base) + 1, 0, Stamps.Most);

    // Stamps hold 194 days; when time leaves them, they move so that it is in their middle.
    private void MakeRoomForTime(long unixSeconds)
    {
        const long Before = 1 << 23;
        if (unixSeconds <= Volatile.Read(ref _latest))
            return;
        lock (_baseLock)
        {
            _latest = Math.Max(_latest, unixSeconds);
            if (unixSeconds - _base < Stamps.Most)
                return;
            foreach (var shard in _shards)
                shard.Lock.Enter();
            var moved = Math.Max(0, unixSeconds - Before);
            foreach (var dim in Volatile.Read(ref _dims))
            {
                foreach (var table in dim.Tables)
                    table?.ShiftStamps((uint)Math.Min(moved - _base, Stamps.Most));
            }

            Volatile.Write(ref _base, moved);
            foreach (var shard in _shards)
                shard.Lock.Exit();
        }
    }

    /// <summary>What a writer needs besides; pooled.</summary>
    private sealed class Writer(ReaderEpoch epoch, int shards)
    {
        private readonly ulong[] _hashes = new ulong[BlockSigns];
        private readonly int[] _order = new int[BlockSigns];
        private readonly int[] _ends = new int[shards];

        public Retired Retired { get; } = new(epoch);

        public ulong Hash(int at) => _hashes[at];

        public ReadOnlySpan<int> OfShard(int shard) => _order.AsSpan((shard == 0 ? 0 : _ends[shard - 1])..(_ends[shard]));

        // By shard, and within one in the order given.
        public void Sort(ReadOnlySpan<ulong> signs, int shards)
        {
            Array.Clear(_ends);
            for (var i = 0; i < signs.Length; i++)
            {
                _hashes[i] = SignHash.Mix(signs[i]);
                _ends[SignHash.Shard(_hashes[i], shards)]++;
            }

            var start = 0;
            for (var i = 0; i < shards; i++)
            {
                var count = _ends[i];
                _ends[i] = start;
                start += count;
            }

            for (var i = 0; i < signs.Length; i++)
                _order[_ends[SignHash.Shard(_hashes[i], shards)]++] = i;
        }
    }
}
