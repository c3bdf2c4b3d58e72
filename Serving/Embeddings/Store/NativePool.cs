using System.Runtime.InteropServices;
using Granary.Torch;

namespace Granary.Serving.Embeddings.Store;

/// <summary>
/// Native memory for rows and slots, cut from slabs that want large pages: lookups go everywhere, and with small pages each of them
/// would wait for the page table too. Pages that nobody has touched take no memory. Slabs are given back all at once.
/// </summary>
internal sealed unsafe class NativePool : IDisposable
{
    private const nuint SlabBytes = 64 << 20;
    private const nuint Line = CacheLine.Bytes;
    private readonly List<nint> _slabs = [];
    // By address, neighbours joined.
    private readonly List<(nuint Start, nuint Bytes)> _free = [];
    private readonly Lock _lock = new();
    private long _bytes;

    /// <summary>Bytes given out.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>Memory with whatever is in it, on the boundary of a cache line.</summary>
    public byte* Take(nuint bytes)
    {
        bytes = Round(bytes);
        lock (_lock)
        {
            var at = _free.FindIndex(range => range.Bytes >= bytes);
            if (at < 0)
                at = AddSlab(bytes);
            var (start, length) = _free[at];
            if (length == bytes)
                _free.RemoveAt(at);
            else
                _free[at] = (start + bytes, length - bytes);
            _bytes += (long)bytes;
            return (byte*)start;
        }
    }

    /// <summary>Takes memory back that was given out with that length.</summary>
    public void Give(byte* memory, nuint bytes)
    {
        bytes = Round(bytes);
        lock (_lock)
        {
            _bytes -= (long)bytes;
            Put((nuint)memory, bytes);
        }
    }

    public void Dispose()
    {
        foreach (var slab in _slabs)
            NativeMemory.AlignedFree((void*)slab);
        _slabs.Clear();
        _free.Clear();
    }

    private static nuint Round(nuint bytes) => (bytes + Line - 1) / Line * Line;

    private int AddSlab(nuint bytes)
    {
        bytes = Math.Max(SlabBytes, (bytes + HugePages.Bytes - 1) / HugePages.Bytes * HugePages.Bytes);
        var slab = NativeMemory.AlignedAlloc(bytes, HugePages.Bytes);
        _slabs.Add((nint)slab);
        HugePages.Advise(slab, bytes);
        return Put((nuint)slab, bytes);
    }

    private int Put(nuint start, nuint bytes)
    {
        var at = _free.FindIndex(range => range.Start > start);
        if (at < 0)
            at = _free.Count;
        if (at < _free.Count && start + bytes == _free[at].Start)
        {
            bytes += _free[at].Bytes;
            _free.RemoveAt(at);
        }

        if (at > 0 && _free[at - 1].Start + _free[at - 1].Bytes == start)
        {
            at--;
            start = _free[at].Start;
            bytes += _free[at].Bytes;
            _free.RemoveAt(at);
        }

        _free.Insert(at, (start, bytes));
        return at;
    }
}
