using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Granary.Serving.Embeddings.Store;

/// <summary>The tables of one dimension, one a shard; this side is for readers.</summary>
internal sealed unsafe class DimTable
{
    // In signs. A core waits for some two dozen lines at once, and each sign needs three.
    private const int FindAfter = 10;
    private const int OverflowAfter = 15;
    private const int CopyAfter = 22;
    private const int Ring = 32;
    private const int Mask = Ring - 1;

    private const int ChunkBytes = 128 << 10;
    private readonly TableView** _views;
    private readonly int _shards;

    public DimTable(int dim, bool isHalf, int shards)
    {
        Dim = dim;
        IsHalf = isHalf;
        // The sign first; the next one on a boundary of 8 bytes.
        Stride = sizeof(ulong) + (((dim * (isHalf ? sizeof(ushort) : sizeof(float))) + sizeof(ulong) - 1) / sizeof(ulong) * sizeof(ulong));
        ChunkShift = BitOperations.Log2((uint)Math.Max(1, ChunkBytes / Stride));
        _shards = shards;
        _views = (TableView**)NativeMemory.AllocZeroed((nuint)shards, (nuint)sizeof(TableView*));
        Tables = new ShardTable?[shards];
    }

    /// <summary>Elements of a row.</summary>
    public int Dim { get; }

    /// <summary>Whether they are float16.</summary>
    public bool IsHalf { get; }

    /// <summary>Bytes of a row with its sign.</summary>
    public int Stride { get; }

    /// <summary>Rows of a chunk, as a power of two.</summary>
    public int ChunkShift { get; }

    /// <summary>For writers, each under the lock of its shard; null until the first row.</summary>
    public ShardTable?[] Tables { get; }

    /// <summary>Where readers of a shard look.</summary>
    public TableView** View(int shard) => _views + shard;

    /// <summary>
    /// Copies rows, zeros for signs that are not there. Inside an epoch. Each sign goes through four steps, some signs apart, so that the
    /// lines of one come from memory while others are worked on: its bucket is asked for; its row is found and asked for; or, when the
    /// bucket was full of others, the next one; then the row is copied.
    /// </summary>
    [SkipLocalsInit]
    public void Read(ReadOnlySpan<ulong> signs, Span<float> rows)
    {
        var hashes = stackalloc ulong[Ring];
        var views = stackalloc TableView*[Ring];
        var found = stackalloc byte*[Ring];
        for (var i = 0; i < signs.Length + CopyAfter; i++)
        {
            if (i < signs.Length)
                views[i & Mask] = Ask(hashes[i & Mask] = SignHash.Mix(signs[i]));
            var at = i - FindAfter;
            if ((uint)at < (uint)signs.Length)
                found[at & Mask] = views[at & Mask] is null ? null : Fetch(views[at & Mask]->GuessHere(hashes[at & Mask]));
            at = i - OverflowAfter;
            if ((uint)at < (uint)signs.Length && found[at & Mask] == TableView.Elsewhere)
                found[at & Mask] = Fetch(views[at & Mask]->GuessBeyond(signs[at], hashes[at & Mask]));
            at = i - CopyAfter;
            if ((uint)at >= (uint)signs.Length)
                continue;
            var row = found[at & Mask];
            if (row is not null && *(ulong*)row != signs[at])
                views[at & Mask]->Find(signs[at], hashes[at & Mask], out row);
            Copy(row, rows.Slice(at * Dim, Dim));
        }
    }

    /// <summary>Whether there is such a row. Inside an epoch.</summary>
    public bool Contains(ulong sign)
    {
        var hash = SignHash.Mix(sign);
        var view = (TableView*)Volatile.Read(ref *(nint*)View(SignHash.Shard(hash, _shards)));
        return view is not null && view->Find(sign, hash, out _) is not null;
    }

    /// <summary>Frees what is native. No reader may be left.</summary>
    public void Release()
    {
        foreach (var table in Tables)
            table?.Release();
        NativeMemory.Free(_views);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private TableView* Ask(ulong hash)
    {
        var view = (TableView*)Volatile.Read(ref *(nint*)(_views + SignHash.Shard(hash, _shards)));
        if (view is not null)
            CacheLine.Prefetch(view->Slots + ((nuint)SignHash.Bucket(hash, view->Buckets) * TableView.BucketSlots));
        return view;
    }

    // A row that is none is asked for too, which does nothing.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private byte* Fetch(byte* row)
    {
        var last = row + Stride - 1;
        for (var line = row; line < last; line += CacheLine.Bytes)
            CacheLine.Prefetch(line);
        CacheLine.Prefetch(last);
        return row;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Copy(byte* row, Span<float> to)
    {
        if (row is null)
            to.Clear();
        else if (IsHalf)
            HalfRows.Widen(new ReadOnlySpan<Half>(row + sizeof(ulong), to.Length), to);
        else
            CopySingles((float*)(row + sizeof(ulong)), to);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void CopySingles(float* from, Span<float> to)
    {
        if (!Vector256.IsHardwareAccelerated || to.Length % Vector256<float>.Count != 0)
        {
            new ReadOnlySpan<float>(from, to.Length).CopyTo(to);
            return;
        }

        ref var start = ref MemoryMarshal.GetReference(to);
        for (nuint i = 0; i < (nuint)to.Length; i += (nuint)Vector256<float>.Count)
            Vector256.Load(from + i).StoreUnsafe(ref start, i);
    }
}
