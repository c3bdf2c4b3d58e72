using System.Runtime.InteropServices;

namespace Granary.Serving.Embeddings.Store;

/// <summary>
/// The rows of one dimension in one shard, for writers. Everything here wants <see cref="Lock"/>; readers see <see cref="TableView"/>.
/// A row is never changed: a new one is written and the slot turned to it; the old one is used again when no reader can hold it.
/// </summary>
internal sealed unsafe class ShardTable
{
    /// <summary>Rows that 24 bits can number, less the mark of a slot whose entry was removed.</summary>
    public const uint MostRows = TableView.RowMask - 1;

    private const double FullAt = 0.9375;
    private const double GrownTo = 0.75;
    private const double TrimmedTo = 0.9;
    // Below this many rows memory is no matter; from here on a part of the rows tells how many there will be.
    private const uint SmallRows = 4096;
    private const nuint Line = CacheLine.Bytes;
    // Of rows next to the hand, the oldest goes.
    private const int Looked = 16;
    private readonly NativePool _pool;
    private readonly TableView** _published;
    private readonly int _stride;
    private readonly int _chunkShift;
    private TableView* _view;
    private int _chunks;
    private int _chunkRoom;
    private uint _rows;
    private uint _used;
    private uint _hand;
    private uint[] _free = [];
    private int _freeCount;

    /// <param name="pool">Memory for rows and slots.</param>
    /// <param name="shardLock">Of the shard.</param>
    /// <param name="stride">Bytes of a row with its sign, a multiple of 8.</param>
    /// <param name="chunkShift">Rows of a chunk, as a power of two.</param>
    /// <param name="published">Where readers find the view.</param>
    /// <param name="retired">The writer's.</param>
    public ShardTable(NativePool pool, Lock shardLock, int stride, int chunkShift, TableView** published, Retired retired)
    {
        _pool = pool;
        Lock = shardLock;
        _stride = stride;
        _chunkShift = chunkShift;
        _published = published;
        Publish(NewView(1), retired);
    }

    public Lock Lock { get; }

    /// <summary>Entries.</summary>
    public uint Count { get; private set; }

    /// <summary>Bytes of lists; rows and slots are counted where they are cut from.</summary>
    public long Bytes => (_chunkRoom * sizeof(byte*)) + (_free.Length * sizeof(uint));

    private int ChunkRows => 1 << _chunkShift;

    /// <summary>The row of a sign, and when it was written.</summary>
    /// <returns>False when there is none.</returns>
    public bool TryFind(ulong sign, ulong hash, out uint* slot, out uint stamp)
    {
        slot = _view->Find(sign, hash, out _);
        stamp = slot is null ? 0 : Stamp(*slot & TableView.RowMask);
        return slot is not null;
    }

    /// <summary>A row to be written; not seen by readers yet.</summary>
    public byte* NewRow(out uint id, Retired retired)
    {
        if (_freeCount > 0)
        {
            id = _free[--_freeCount];
        }
        else
        {
            if (_rows == MostRows)
                throw new ServingException(ServingError.Overloaded, $"a shard holds {MostRows} rows of one dimension; give the embedding store more shards");
            if (_rows >> _chunkShift == _chunks)
                AddChunk(retired);
            id = _rows++;
            SetStamp(id, Stamps.Free);
        }

        return _view->Row(id);
    }

    /// <summary>Makes a row the one of its sign, in place of another.</summary>
    public void Replace(uint* slot, uint id, uint stamp, Retired retired)
    {
        var old = *slot & TableView.RowMask;
        SetStamp(id, stamp);
        Volatile.Write(ref *slot, (*slot & TableView.TagMask) | id);
        Retire(old, retired);
    }

    /// <summary>Makes a row the one of a sign that had none.</summary>
    /// <param name="hash">Of the sign.</param>
    /// <param name="id">Of the row.</param>
    /// <param name="stamp">When.</param>
    /// <param name="expected">Entries that the shard is to have, if that is known; else 0.</param>
    /// <param name="retired">The writer's.</param>
    public void Add(ulong hash, uint id, uint stamp, long expected, Retired retired)
    {
        if (_used + 1 > _view->Buckets * TableView.BucketSlots * FullAt)
            Rebuild(Count < SmallRows ? GrownTo / 2 : Math.Min(GrownTo, TrimmedTo * Count / Math.Min(expected, MostRows)), retired);
        SetStamp(id, stamp);
        var slot = Room(_view, hash);
        if (*slot == TableView.Empty)
            _used++;
        Volatile.Write(ref *slot, SignHash.Tag(hash) | id);
        Count++;
    }

    /// <summary>Takes a sign out.</summary>
    public bool Remove(ulong sign, ulong hash, Retired retired)
    {
        var slot = _view->Find(sign, hash, out _);
        if (slot is null)
            return false;
        var old = *slot & TableView.RowMask;
        var bucket = _view->Slots + ((slot - _view->Slots) / TableView.BucketSlots * TableView.BucketSlots);
        TableView.Match(bucket, TableView.TagMask, out var hasEmpty);
        // Nobody looks beyond a bucket that has an empty slot.
        Volatile.Write(ref *slot, hasEmpty ? TableView.Empty : TableView.Removed);
        if (hasEmpty)
            _used--;
        Count--;
        Retire(old, retired);
        return true;
    }

    /// <summary>
    /// Takes the oldest of the next rows out: a hand goes round over all, and of those in front of it the one that was written first
    /// goes. Rows of one checkpoint have one time and go in the order in which they were read.
    /// </summary>
    public void Evict(Retired retired)
    {
        var oldest = 0u;
        var least = Stamps.Free;
        var looked = 0;
        for (uint steps = 0, id = _hand; looked < Looked && steps < _rows; steps++, id++)
        {
            if (id >= _rows)
                id = 0;
            var stamp = Stamp(id);
            if (stamp == Stamps.Free)
                continue;
            looked++;
            if (stamp >= least)
                continue;
            least = stamp;
            oldest = id;
        }

        _hand = oldest + 1 == _rows ? 0 : oldest + 1;
        var sign = *(ulong*)_view->Row(oldest);
        Remove(sign, SignHash.Mix(sign), retired);
    }

    /// <summary>Takes back a row that no reader holds.</summary>
    public void Free(uint row)
    {
        if (_freeCount == _free.Length)
            Array.Resize(ref _free, Math.Max(16, _freeCount * 2));
        _free[_freeCount++] = row;
    }

    /// <summary>Makes the slots as few as is good.</summary>
    public void Trim(Retired retired)
    {
        if (Count >= SmallRows && Count < (double)_view->Buckets * TableView.BucketSlots * (TrimmedTo - 0.05))
            Rebuild(TrimmedTo, retired);
    }

    /// <summary>Brings the times nearer to the present; see <see cref="Stamps"/>.</summary>
    public void ShiftStamps(uint by)
    {
        for (var id = 0u; id < _rows; id++)
        {
            var stamp = Stamp(id);
            if (stamp != Stamps.Free)
                SetStamp(id, stamp > by ? stamp - by : 0);
        }
    }

    /// <summary>Brings into the cache what writing a sign will look at.</summary>
    public void Prefetch(ulong hash) =>
        CacheLine.Prefetch(_view->Slots + ((nuint)SignHash.Bucket(hash, _view->Buckets) * TableView.BucketSlots));

    /// <summary>Frees what is not in the pool. No reader may be left.</summary>
    public void Release()
    {
        NativeMemory.AlignedFree(_view->Chunks);
        NativeMemory.AlignedFree(_view);
        _view = null;
    }

    private static uint* Room(TableView* view, ulong hash)
    {
        for (var number = SignHash.Bucket(hash, view->Buckets); ; number = number + 1 == view->Buckets ? 0 : number + 1)
        {
            var bucket = view->Slots + ((nuint)number * TableView.BucketSlots);
            for (var i = 0; i < TableView.BucketSlots; i++)
            {
                if ((bucket[i] & TableView.TagMask) == 0)
                    return bucket + i;
            }
        }
    }

    private void Retire(uint row, Retired retired)
    {
        SetStamp(row, Stamps.Free);
        retired.Row(this, row);
    }

    private uint Stamp(uint id) => Stamps.Read(StampAt(id));

    private void SetStamp(uint id, uint stamp) => Stamps.Write(StampAt(id), stamp);

    // Behind the rows of the chunk.
    private byte* StampAt(uint id) =>
        _view->Chunks[id >> _chunkShift] + ((nuint)_stride << _chunkShift) + ((id & (uint)(ChunkRows - 1)) * Stamps.Bytes);

    private void AddChunk(Retired retired)
    {
        if (_chunks == _chunkRoom)
        {
            _chunkRoom = Math.Max(4, _chunkRoom * 2);
            var view = (TableView*)NativeMemory.AlignedAlloc((nuint)sizeof(TableView), Line);
            *view = *_view;
            view->Chunks = (byte**)NativeMemory.AlignedAlloc((nuint)_chunkRoom * (nuint)sizeof(byte*), Line);
            new ReadOnlySpan<nint>(_view->Chunks, _chunks).CopyTo(new Span<nint>(view->Chunks, _chunkRoom));
            Publish(view, retired);
        }

        var bytes = ((nuint)_stride << _chunkShift) + ((nuint)Stamps.Bytes << _chunkShift);
        var chunk = _pool.Take(bytes);
        // Readers follow a number to its chunk only after the slot that names it, which is written later.
        _view->Chunks[_chunks++] = chunk;
    }

    private void Rebuild(double filled, Retired retired)
    {
        var view = NewView((uint)(Count / filled / TableView.BucketSlots) + 1);
        for (var id = 0u; id < _rows; id++)
        {
            if (Stamp(id) == Stamps.Free)
                continue;
            var hash = SignHash.Mix(*(ulong*)_view->Row(id));
            *Room(view, hash) = SignHash.Tag(hash) | id;
        }

        _used = Count;
        Publish(view, retired);
    }

    private TableView* NewView(uint buckets)
    {
        var bytes = (nuint)buckets * TableView.BucketSlots * sizeof(uint);
        var view = (TableView*)NativeMemory.AlignedAlloc((nuint)sizeof(TableView), Line);
        view->Slots = (uint*)_pool.Take(bytes);
        NativeMemory.Clear(view->Slots, bytes);
        view->Buckets = buckets;
        view->Stride = _stride;
        view->ChunkShift = _chunkShift;
        view->Chunks = _view is null ? null : _view->Chunks;
        return view;
    }

    private void Publish(TableView* view, Retired retired)
    {
        if (_view is not null)
        {
            if (_view->Slots != view->Slots)
                retired.Pooled(_pool, _view->Slots, (nuint)_view->Buckets * TableView.BucketSlots * sizeof(uint));
            if (_view->Chunks != view->Chunks)
                retired.Memory(_view->Chunks);
            retired.Memory(_view);
        }

        _view = view;
        Volatile.Write(ref *(nint*)_published, (nint)view);
    }
}
