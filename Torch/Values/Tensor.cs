using System.Runtime.InteropServices;

namespace Granary.Torch;

/// <summary>
/// A dense, contiguous, row-major block of elements in CPU memory with a dtype and a shape.
/// The memory is pinned managed memory or belongs to libtorch; whoever holds the tensor disposes it once.
/// Not thread-safe while being written; readable from many threads.
/// </summary>
public sealed unsafe class Tensor : Value
{
    private readonly long[] _shape;
    private IDisposable? _owner;

    /// <summary>Describes memory that somebody else laid out; <paramref name="owner"/> is disposed with the tensor.</summary>
    /// <param name="dtype">Element type.</param>
    /// <param name="shape">Sizes, outermost first; empty for a scalar. The array is kept, not copied.</param>
    /// <param name="data">Address of the first byte; little-endian elements; may be zero when there are no elements.</param>
    /// <param name="owner">What keeps the memory alive; null when the caller does.</param>
    public Tensor(DType dtype, long[] shape, nint data, IDisposable? owner)
    {
        DType = dtype;
        _shape = shape;
        Data = data;
        ElementCount = CountElements(shape);
        _owner = owner;
    }

    /// <summary>Element type.</summary>
    public DType DType { get; }

    /// <summary>Sizes, outermost first; empty for a zero-dimensional tensor.</summary>
    public ReadOnlySpan<long> Shape => _shape;

    /// <summary>Product of <see cref="Shape"/>.</summary>
    public long ElementCount { get; }

    /// <summary>Length of the data in bytes.</summary>
    public long ByteLength => ElementCount * DType.ElementSize();

    /// <summary>What keeps the memory alive; null when the caller does, or after <see cref="Value.Dispose()"/>.</summary>
    internal IDisposable? Owner => _owner;

    /// <summary>Address of the first byte.</summary>
    public nint Data { get; }

    /// <inheritdoc/>
    public override string Kind => "Tensor";

    /// <summary>The data as little-endian bytes.</summary>
    /// <exception cref="OverflowException">The tensor is larger than 2 GiB.</exception>
    public Span<byte> Bytes => new((void*)Data, checked((int)ByteLength));

    /// <summary>A tensor of uninitialised elements in a pooled buffer.</summary>
    /// <exception cref="OverflowException">The shape is negative or needs more than 2 GiB.</exception>
    public static Tensor Rent(DType dtype, ReadOnlySpan<long> shape)
    {
        var sizes = shape.ToArray();
        var buffer = PinnedBuffer.Rent(checked((int)(CountElements(sizes) * dtype.ElementSize())));
        return new Tensor(dtype, sizes, (nint)buffer.Pointer, buffer);
    }

    /// <summary>A pooled tensor with a copy of <paramref name="values"/>; their type must have the dtype's element size.</summary>
    public static Tensor From<T>(DType dtype, ReadOnlySpan<long> shape, ReadOnlySpan<T> values)
        where T : unmanaged
    {
        var tensor = Rent(dtype, shape);
        if (MemoryMarshal.AsBytes(values).Length != tensor.ByteLength)
        {
            tensor.Dispose();
            throw new ArgumentException($"{values.Length} values do not fill a {dtype.TorchName()} tensor of shape [{string.Join(',', shape.ToArray())}]", nameof(values));
        }

        MemoryMarshal.AsBytes(values).CopyTo(tensor.Bytes);
        return tensor;
    }

    /// <summary>
    /// A second tensor over the same elements that lives as long as it likes: pooled memory is shared, any other memory is copied.
    /// </summary>
    public Tensor Share()
    {
        if (_owner is PinnedBuffer buffer)
            return new Tensor(DType, _shape, Data, buffer.AddReference());
        var copy = Rent(DType, _shape);
        Bytes.CopyTo(copy.Bytes);
        return copy;
    }

    /// <summary>The elements as <typeparamref name="T"/>, whose size must be the dtype's.</summary>
    public Span<T> As<T>()
        where T : unmanaged
    {
        if (sizeof(T) != DType.ElementSize())
            throw new InvalidOperationException($"{typeof(T).Name} is not the size of {DType.TorchName()}");
        return MemoryMarshal.Cast<byte, T>(Bytes);
    }

    /// <summary>Product of <paramref name="shape"/>; 1 for an empty shape.</summary>
    /// <exception cref="OverflowException">A size is negative or the product overflows.</exception>
    public static long CountElements(ReadOnlySpan<long> shape)
    {
        long count = 1;
        foreach (var size in shape)
            count = size >= 0 ? checked(count * size) : throw new OverflowException($"negative size {size} in a shape");
        return count;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing) => Interlocked.Exchange(ref _owner, null)?.Dispose();
}
