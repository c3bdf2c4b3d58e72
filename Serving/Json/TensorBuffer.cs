using System.Numerics;
using Granary.Torch;

namespace Granary.Serving.Json;

/// <summary>Pinned, pooled memory that grows while the number of elements is not known and then becomes a tensor.</summary>
internal unsafe struct TensorBuffer<T>
    where T : unmanaged
{
    private PinnedBuffer _buffer;

    /// <summary>Rents room for <paramref name="elements"/> elements.</summary>
    public TensorBuffer(long elements)
    {
        _buffer = PinnedBuffer.Rent(ToBytes(Math.Max(elements, 1)));
    }

    /// <summary>Elements in use.</summary>
    public long Count { get; set; }

    /// <summary>Elements that still fit.</summary>
    public readonly long Room => (_buffer.Length / sizeof(T)) - Count;

    /// <summary>Where the next element goes.</summary>
    public readonly T* Next => (T*)_buffer.Pointer + Count;

    /// <summary>Doubles the room.</summary>
    /// <exception cref="ServingException">TooLarge: more than 2 GiB.</exception>
    public void Grow()
    {
        var elements = Math.Max((long)BitOperations.RoundUpToPowerOf2((ulong)Count + 1), 2 * Count);
        var larger = PinnedBuffer.Rent(ToBytes(elements));
        new ReadOnlySpan<byte>(_buffer.Pointer, (int)(Count * sizeof(T))).CopyTo(larger.GetSpan());
        ((IDisposable)_buffer).Dispose();
        _buffer = larger;
    }

    /// <summary>Gives the memory to a tensor.</summary>
    public readonly Tensor ToTensor(DType dtype, long[] shape) => new(dtype, shape, (nint)_buffer.Pointer, _buffer);

    /// <summary>Gives the memory back.</summary>
    public readonly void Free() => ((IDisposable)_buffer).Dispose();

    private static int ToBytes(long elements)
    {
        var bytes = elements * sizeof(T);
        if (bytes > Array.MaxLength)
            throw new ServingException(ServingError.TooLarge, $"a tensor of more than {Array.MaxLength} bytes cannot be sent as JSON");
        return (int)bytes;
    }
}
