using System.Runtime.InteropServices;

namespace Granary.Serving.Embeddings.Store;

/// <summary>What a writer took out of tables and readers may still hold: rows and native memory. One writer's own.</summary>
internal sealed unsafe class Retired(ReaderEpoch epoch)
{
    private readonly List<(ShardTable Table, uint Row)> _rows = [];
    private readonly List<nint> _memory = [];
    private readonly List<(NativePool Pool, nint Memory, nuint Bytes)> _pooled = [];

    public void Row(ShardTable table, uint row) => _rows.Add((table, row));

    public void Memory(void* memory) => _memory.Add((nint)memory);

    public void Pooled(NativePool pool, void* memory, nuint bytes) => _pooled.Add((pool, (nint)memory, bytes));

    /// <summary>Waits for readers and gives everything back. Not to be called with the lock of a shard.</summary>
    public void Reclaim()
    {
        if (_rows.Count + _memory.Count + _pooled.Count == 0)
            return;
        epoch.Synchronize();
        foreach (var memory in _memory)
            NativeMemory.AlignedFree((void*)memory);
        foreach (var (pool, memory, bytes) in _pooled)
            pool.Give((byte*)memory, bytes);
        // Rows of one table stand together.
        for (var i = 0; i < _rows.Count;)
        {
            var table = _rows[i].Table;
            lock (table.Lock)
            {
                for (; i < _rows.Count && _rows[i].Table == table; i++)
                    table.Free(_rows[i].Row);
            }
        }

        _memory.Clear();
        _pooled.Clear();
        _rows.Clear();
    }
}
