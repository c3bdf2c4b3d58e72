using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Granary.Serving.Embeddings.Store;

/// <summary>The tables of one dimension, one a shard; this side is for readers.</summary>
internal sealed unsafe class DimTable
{
    /// <summary>Signs that are looked up at once: while the lines of some come from memory, others are worked on.</summary>
    private const int BlockSigns = 64;

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

    /// <summary>Copies rows, zeros for signs that are not there. Inside an epoch.</summary>
    public void Read(ReadOnlySpan<ulong> signs, Span<float> rows)
    {
        while (signs.Length > 0)
        {
            var count = Math.Min(signs.Length, BlockSigns);
            ReadBlock(signs[..count], rows[..(count * Dim)]);
            signs = signs[count..];
            rows = rows[(count * Dim)..];
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

    [SkipLocalsInit]
    private void ReadBlock(ReadOnlySpan<ulong> signs, Span<float> rows)
    {
        var hashes = stackalloc ulong[BlockSigns];
        var views = stackalloc TableView*[BlockSigns];
        var found = stackalloc byte*[BlockSigns];
        for (var i = 0; i < signs.Length; i++)
        {
            var hash = SignHash.Mix(signs[i]);
            hashes[i] = hash;
            var view = (TableView*)Volatile.Read(ref *(nint*)(_views + SignHash.Shard(hash, _shards)));
            views[i] = view;
            if (view is not null)
                CacheLine.Prefetch(view->Slots + ((nuint)SignHash.Bucket(hash, view->Buckets) * TableView.BucketSlots));
        }

        for (var i = 0; i < signs.Length; i++)
        {
            var row = views[i] is null ? null : views[i]->Guess(signs[i], hashes[i]);
            found[i] = row;
            if (row is null)
                continue;
            for (var line = 0; line < Stride; line += CacheLine.Bytes)
                CacheLine.Prefetch(row + line);
            CacheLine.Prefetch(row + Stride - 1);
        }

        for (var i = 0; i < signs.Length; i++)
        {
            var row = found[i];
            if (row is not null && *(ulong*)row != signs[i])
                views[i]->Find(signs[i], hashes[i], out row);
            Copy(row, rows.Slice(i * Dim, Dim));
        }
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
