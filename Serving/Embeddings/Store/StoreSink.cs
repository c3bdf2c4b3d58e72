using System.Buffers;

namespace Granary.Serving.Embeddings.Store;

/// <summary>Hands entries to a store, many of one dimension at a time. Flush it at the end; dispose it.</summary>
/// <param name="store">Where they go.</param>
/// <param name="part">Which of them.</param>
/// <param name="unixSeconds">When they were written.</param>
/// <param name="flushed">Called after each part, for progress and cancellation; gets how many entries it had.</param>
internal sealed class StoreSink(EmbeddingStore store, SignPart part, long unixSeconds, Action<int>? flushed = null) : EntrySink, IDisposable
{
    private const int BlockElements = 65_536;
    private const int MostDims = 16;
    private readonly List<Block> _blocks = [];

    /// <summary>Entries that were newer than what the store had.</summary>
    public long Written { get; private set; }

    /// <summary>Entries of the part.</summary>
    public long Taken { get; private set; }

    public override void Add(ulong sign, ReadOnlySpan<float> row)
    {
        base.Add(sign, row);
        if (!part.Has(sign))
            return;
        Taken++;
        var block = Find(row.Length);
        block.Signs[block.Count] = sign;
        row.CopyTo(block.Rows.AsSpan(block.Count * row.Length));
        if (++block.Count == block.Room)
            Flush(block);
    }

    public void Flush()
    {
        foreach (var block in _blocks)
            Flush(block);
    }

    public void Dispose()
    {
        foreach (var block in _blocks)
            block.Return();
        _blocks.Clear();
    }

    private Block Find(int dim)
    {
        foreach (var block in _blocks)
        {
            if (block.Dim == dim)
                return block;
        }

        if (_blocks.Count == MostDims)
        {
            Flush();
            Dispose();
        }

        _blocks.Add(new Block(dim, Math.Max(1, BlockElements / dim)));
        return _blocks[^1];
    }

    private void Flush(Block block)
    {
        var count = block.Count;
        if (count == 0)
            return;
        Written += store.Set(block.Signs.AsSpan(0, count), block.Dim, block.Rows.AsSpan(0, count * block.Dim), unixSeconds);
        block.Count = 0;
        flushed?.Invoke(count);
    }

    private sealed class Block(int dim, int room)
    {
        public int Dim { get; } = dim;

        public int Room { get; } = room;

        public int Count { get; set; }

        public ulong[] Signs { get; } = ArrayPool<ulong>.Shared.Rent(room);

        public float[] Rows { get; } = ArrayPool<float>.Shared.Rent(room * dim);

        public void Return()
        {
            ArrayPool<ulong>.Shared.Return(Signs);
            ArrayPool<float>.Shared.Return(Rows);
        }
    }
}
