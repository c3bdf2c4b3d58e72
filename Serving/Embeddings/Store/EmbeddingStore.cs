using System.Numerics;

namespace Granary.Serving.Embeddings.Store;

/// <summary>
/// Embeddings in the memory of this process: a sign and one row each. Rows lie in native memory, out of the garbage collector's way.
/// Lookups take no locks and run beside writers: a row is seen as it was before or as it is after a write, never in between.
/// Writers of different shards do not wait for each other. Over the capacity the least recently written go, near enough: a hand goes
/// round over the rows of a shard and takes the oldest of those before it. Lookups do not make an entry younger, as in Persia, whose
/// order is that of training.
/// </summary>
public sealed partial class EmbeddingStore : IEmbeddingRows, IDisposable
{
    private const int MostShards = 256;
    private const int UsualShards = 64;
    private const long RowsOfAShard = 4_000_000;
    private const long SmallCapacity = 16_384;
    private readonly ReaderEpoch _epoch = new();
    private readonly NativePool _pool = new();
    private readonly Shard[] _shards;
    private readonly EmbeddingStoreOptions _options;
    private readonly Lock _dimsLock = new();
    private DimTable[] _dims = [];
    private bool _disposed;

    /// <param name="options">How to keep them; null for the defaults.</param>
    /// <exception cref="ArgumentException">The options contradict themselves.</exception>
    public EmbeddingStore(EmbeddingStoreOptions? options = null)
    {
        _options = options ?? new EmbeddingStoreOptions();
        ArgumentOutOfRangeException.ThrowIfLessThan(_options.Capacity, 1);
        var shards = _options.Shards > 0 ? _options.Shards : ChooseShards(_options.Capacity);
        if (!BitOperations.IsPow2(shards) || shards > MostShards)
            throw new ArgumentException($"{shards} shards are asked for; expected a power of two up to {MostShards}", nameof(options));
        _shards = new Shard[shards];
        for (var i = 0; i < shards; i++)
            _shards[i] = new Shard();
        _shardCapacity = (_options.Capacity / shards) + (_options.Capacity % shards > 0 ? 1 : 0);
    }

    /// <summary>Entries now.</summary>
    public long Count
    {
        get
        {
            long count = 0;
            foreach (var shard in _shards)
                count += Volatile.Read(ref shard.Count);
            return count;
        }
    }

    /// <summary>Entries that went because of <see cref="EmbeddingStoreOptions.Capacity"/>.</summary>
    public long Evicted
    {
        get
        {
            long count = 0;
            foreach (var shard in _shards)
                count += Volatile.Read(ref shard.Evicted);
            return count;
        }
    }

    /// <summary>Most entries.</summary>
    public long Capacity => _options.Capacity;

    /// <summary>Native memory for rows, their times and tables.</summary>
    public long ResidentBytes
    {
        get
        {
            ObjectDisposedException.ThrowIf(Volatile.Read(ref _disposed), this);
            var bytes = _pool.Bytes;
            foreach (var dim in Volatile.Read(ref _dims))
            {
                for (var i = 0; i < _shards.Length; i++)
                {
                    lock (_shards[i].Lock)
                        bytes += dim.Tables[i]?.Bytes ?? 0;
                }
            }

            return bytes;
        }
    }

    /// <summary>The dimensions that there are rows of.</summary>
    public IReadOnlyList<int> Dims => Array.ConvertAll(Volatile.Read(ref _dims), static dim => dim.Dim);

    /// <summary>Copies rows; zeros for signs that are not there or have another dimension.</summary>
    /// <param name="signs">Prefixed.</param>
    /// <param name="dim">Elements of a row.</param>
    /// <param name="rows"><c>[signs, dim]</c>.</param>
    /// <exception cref="ArgumentException"><paramref name="rows"/> has another length.</exception>
    /// <exception cref="ObjectDisposedException">The store is gone.</exception>
    public void Lookup(ReadOnlySpan<ulong> signs, int dim, Span<float> rows)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(dim, 1);
        if (rows.Length != (long)signs.Length * dim)
            throw new ArgumentException($"{rows.Length} elements are no {signs.Length} rows of {dim}", nameof(rows));
        var cell = _epoch.Enter();
        try
        {
            ObjectDisposedException.ThrowIf(Volatile.Read(ref _disposed), this);
            if (Find(dim) is { } table)
                table.Read(signs, rows);
            else
                rows.Clear();
        }
        finally
        {
            _epoch.Exit(cell);
        }
    }

    /// <inheritdoc/>
    public ValueTask LookupAsync(ReadOnlyMemory<RowGroup> groups, CancellationToken cancellationToken)
    {
        foreach (var group in groups.Span)
        {
            if (cancellationToken.IsCancellationRequested)
                return ValueTask.FromCanceled(cancellationToken);
            Lookup(group.Signs.Span, group.Dim, group.Rows.Span);
        }

        return ValueTask.CompletedTask;
    }

    /// <summary>Whether there is an entry of that sign and dimension.</summary>
    public bool Contains(ulong sign, int dim)
    {
        var cell = _epoch.Enter();
        try
        {
            ObjectDisposedException.ThrowIf(Volatile.Read(ref _disposed), this);
            return Find(dim)?.Contains(sign) ?? false;
        }
        finally
        {
            _epoch.Exit(cell);
        }
    }

    /// <summary>Gives the memory back once lookups and writes in progress have ended. Safe to call twice.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, true))
            return;
        // Writers look at the flag under the lock of a shard.
        foreach (var shard in _shards)
        {
            lock (shard.Lock)
                shard.IsClosed = true;
        }

        _epoch.Synchronize();
        lock (_dimsLock)
        {
            foreach (var dim in _dims)
                dim.Release();
        }

        _pool.Dispose();
    }

    /// <summary>Says that entries are about to come, so that tables are made for them at once.</summary>
    internal void Expect(long entries) => Volatile.Write(ref _expected, Count + entries);

    /// <summary>Nothing more is expected: gives memory back that was kept for it.</summary>
    internal void Trim()
    {
        Volatile.Write(ref _expected, 0);
        var retired = new Retired(_epoch);
        for (var i = 0; i < _shards.Length; i++)
        {
            lock (_shards[i].Lock)
            {
                foreach (var dim in Volatile.Read(ref _dims))
                {
                    if (!_shards[i].IsClosed)
                        dim.Tables[i]?.Trim(retired);
                }
            }

            retired.Reclaim();
        }
    }

    // Without a bound as many as are of use; small stores are exact in what goes first.
    private static int ChooseShards(long capacity) => capacity switch
    {
        <= SmallCapacity => 1,
        long.MaxValue => UsualShards,
        _ => (int)Math.Min(MostShards, BitOperations.RoundUpToPowerOf2((ulong)Math.Max(UsualShards, capacity / RowsOfAShard))),
    };

    private DimTable? Find(int dim)
    {
        foreach (var table in Volatile.Read(ref _dims))
        {
            if (table.Dim == dim)
                return table;
        }

        return null;
    }

    private sealed class Shard
    {
        public readonly Lock Lock = new();
        public long Count;
        public long Evicted;
        public bool IsClosed;
    }
}
