using System.Buffers;
using System.Numerics;
using System.Runtime.InteropServices;

namespace Granary.Torch;

/// <summary>
/// A pooled byte buffer that the garbage collector never moves, so that its address may cross the native seam.
/// Contents are not cleared between uses. The renter holds one reference and every <see cref="AddReference"/> another; the memory
/// goes back to the pool with the last one. A reference that is forgotten costs the pool a buffer and nothing else.
/// </summary>
public sealed unsafe class PinnedBuffer : MemoryManager<byte>
{
    private const int MinBits = 6;
    private const int MaxPooledBits = 24;
    private static readonly int RetainedPerBucket = Math.Max(16, Environment.ProcessorCount * 8);
    private static readonly System.Collections.Concurrent.ConcurrentQueue<byte[]>[] Buckets = CreateBuckets();

    private byte[]? _array;
    private NativeBlock? _block;
    private int _references = 1;
    private readonly int _length;

    private PinnedBuffer(byte[] array, int length)
    {
        _array = array;
        _length = length;
        Pointer = (byte*)Marshal.UnsafeAddrOfPinnedArrayElement(array, 0);
    }

    private PinnedBuffer(NativeBlock block, int length)
    {
        _block = block;
        _length = length;
        Pointer = (byte*)block.Address;
    }

    /// <summary>Address of the first byte; valid until disposed.</summary>
    public byte* Pointer { get; }

    /// <summary>Length in bytes as asked for.</summary>
    public int Length => _length;

    /// <summary>Rents a buffer of exactly <paramref name="length"/> visible bytes.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="length"/> is negative.</exception>
    public static PinnedBuffer Rent(int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        var bits = Math.Max(MinBits, 32 - BitOperations.LeadingZeroCount((uint)Math.Max(length, 1) - 1));
        if (bits > MaxPooledBits)
            return new PinnedBuffer(new NativeBlock(length), length);
        if (!Buckets[bits].TryDequeue(out var array))
            array = GC.AllocateUninitializedArray<byte>(1 << bits, pinned: true);
        return new PinnedBuffer(array, length);
    }

    /// <summary>Keeps the memory for one more holder, who disposes the buffer once too.</summary>
    /// <exception cref="ObjectDisposedException">Every reference was given back already.</exception>
    public PinnedBuffer AddReference()
    {
        int seen;
        do
        {
            seen = Volatile.Read(ref _references);
            ObjectDisposedException.ThrowIf(seen <= 0, this);
        }
        while (Interlocked.CompareExchange(ref _references, seen + 1, seen) != seen);
        return this;
    }

    /// <inheritdoc/>
    public override Span<byte> GetSpan()
    {
        ObjectDisposedException.ThrowIf(_array is null && _block is null, this);
        return new Span<byte>(Pointer, _length);
    }

    /// <inheritdoc/>
    public override MemoryHandle Pin(int elementIndex = 0) => new(Pointer + elementIndex);

    /// <inheritdoc/>
    public override void Unpin()
    {
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (Interlocked.Decrement(ref _references) != 0)
            return;
        // What is as large as this goes back to the system at once: the collector may not come by for long when nobody calls.
        Interlocked.Exchange(ref _block, null)?.Dispose();
        var array = Interlocked.Exchange(ref _array, null);
        if (array is null || !BitOperations.IsPow2(array.Length) || array.Length > 1 << MaxPooledBits)
            return;
        var bucket = Buckets[BitOperations.Log2((uint)array.Length)];
        // A rough bound is enough: it only keeps bursts from staying resident. Large buckets keep fewer.
        var retained = array.Length > 1 << 20 ? 4 : RetainedPerBucket;
        if (bucket.Count < retained)
            bucket.Enqueue(array);
    }

    private static System.Collections.Concurrent.ConcurrentQueue<byte[]>[] CreateBuckets()
    {
        var buckets = new System.Collections.Concurrent.ConcurrentQueue<byte[]>[MaxPooledBits + 1];
        for (var i = 0; i < buckets.Length; i++)
            buckets[i] = new();
        return buckets;
    }
}
