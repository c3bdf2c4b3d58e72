using System.Runtime.InteropServices;
using Granary.Torch;

namespace Granary.Serving.Embeddings.Store;

/// <summary>
/// Native memory for rows, cut from large slabs that want large pages. Pages that nobody has touched take no memory. Given back all at
/// once.
/// </summary>
internal sealed unsafe class RowSlabs : IDisposable
{
    private const nuint SlabBytes = 64 << 20;
    private const nuint Line = 64;
    private readonly List<nint> _slabs = [];
    private readonly Lock _lock = new();
    private byte* _next;
    private nuint _left;
    private long _bytes;

    /// <summary>Bytes given out.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>Memory with whatever is in it, on the boundary of a cache line; never given back by itself.</summary>
    public byte* Take(nuint bytes)
    {
        bytes = (bytes + Line - 1) / Line * Line;
        lock (_lock)
        {
            _bytes += (long)bytes;
            if (bytes > SlabBytes / 4)
                return Allocate(bytes);
            if (bytes > _left)
            {
                _next = Allocate(SlabBytes);
                _left = SlabBytes;
            }

            var taken = _next;
            _next += bytes;
            _left -= bytes;
            return taken;
        }
    }

    public void Dispose()
    {
        foreach (var slab in _slabs)
            NativeMemory.AlignedFree((void*)slab);
        _slabs.Clear();
        _left = 0;
    }

    private byte* Allocate(nuint bytes)
    {
        var slab = NativeMemory.AlignedAlloc(bytes, HugePages.Bytes);
        _slabs.Add((nint)slab);
        HugePages.Advise(slab, bytes);
        return (byte*)slab;
    }
}
