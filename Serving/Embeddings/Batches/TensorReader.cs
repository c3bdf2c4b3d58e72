using Granary.Serving.Embeddings.Speedy;
using Granary.Torch;

namespace Granary.Serving.Embeddings.Batches;

/// <summary>Reads dense tensors of batches.</summary>
internal static class TensorReader
{
    /// <summary>The least that a tensor of the current dialect takes.</summary>
    public const int LeastBytes = (6 * sizeof(uint)) + 2;

    /// <summary>The least that one of the earlier dialects takes.</summary>
    public const int LeastEarlyBytes = 3 * sizeof(uint);

    private const int MostDimensions = 64;

    private static readonly DType[] Current =
    [
        // NumPy's bool arrives as torch.uint8.
        DType.UInt8, DType.Float16, DType.Float32, DType.Float64, DType.Int8, DType.Int16, DType.Int32, DType.Int64, DType.UInt8, DType.UInt16, DType.UInt32, DType.UInt64,
    ];

    private static readonly DType[] Early = [DType.Float32, DType.Float64, DType.Int32, DType.Int64];

    /// <summary>A tensor of the current dialect: storage, elements, shape, strides, name and device.</summary>
    public static Tensor Read(ref SpeedyReader reader)
    {
        var offset = reader.Offset;
        if (reader.ReadTag(2, "the storage of a tensor") != 0)
            throw new SpeedyException(offset, "a tensor lies in the memory of a GPU");
        offset = reader.Offset;
        var dtype = Current[reader.ReadTag(Current.Length, "the dtype of a tensor")];
        if (dtype is DType.UInt16 or DType.UInt32 or DType.UInt64)
            throw new SpeedyException(offset, $"a dense tensor is {dtype.TorchName()}, which PyTorch has no tensors of; send int32 or int64");
        var elements = ReadElements(ref reader, dtype, out var count);
        var shape = ReadShape(ref reader, count);
        ReadStrides(ref reader, shape);
        if (reader.ReadFlag())
            reader.ReadString();
        reader.ReadTag(2, "the device of a tensor");
        if (reader.ReadFlag())
            reader.ReadInt32();
        return Make(dtype, shape, elements);
    }

    /// <summary>A tensor of the earlier dialects: elements and shape.</summary>
    public static Tensor ReadEarly(ref SpeedyReader reader)
    {
        var dtype = Early[reader.ReadTag(Early.Length, "the dtype of a tensor")];
        var elements = ReadElements(ref reader, dtype, out var count);
        return Make(dtype, ReadShape(ref reader, count), elements);
    }

    private static ReadOnlySpan<byte> ReadElements(ref SpeedyReader reader, DType dtype, out int count)
    {
        var size = dtype.ElementSize();
        count = reader.ReadCount(size);
        return reader.ReadElements(count, size);
    }

    private static long[] ReadShape(ref SpeedyReader reader, int count)
    {
        var offset = reader.Offset;
        var rank = reader.ReadCount(sizeof(ulong));
        if (rank > MostDimensions)
            throw new SpeedyException(offset, $"a tensor has {rank} dimensions; at most {MostDimensions} are allowed");
        var shape = new long[rank];
        Int128 product = 1;
        for (var i = 0; i < rank; i++)
        {
            shape[i] = reader.ReadSize();
            product *= shape[i];
            // Two sizes of 63 bits do not overflow 128; more might.
            if (product > long.MaxValue)
                break;
        }

        return product == count ? shape : throw new SpeedyException(offset, $"a tensor of shape [{string.Join(',', shape)}] has {count} elements");
    }

    private static void ReadStrides(ref SpeedyReader reader, long[] shape)
    {
        var offset = reader.Offset;
        var count = reader.ReadCount(sizeof(long));
        if (count != shape.Length)
            throw new SpeedyException(offset, $"a tensor of {shape.Length} dimensions has {count} strides");
        Span<long> strides = stackalloc long[MostDimensions];
        for (var i = 0; i < count; i++)
            strides[i] = reader.ReadInt64();
        long expected = 1;
        for (var i = count - 1; i >= 0; i--)
        {
            // The stride of a single row means nothing.
            if (shape[i] > 1 && strides[i] != expected)
                throw new SpeedyException(offset, $"a tensor of shape [{string.Join(',', shape)}] is not contiguous; send numpy.ascontiguousarray of it");
            expected *= shape[i];
        }
    }

    private static Tensor Make(DType dtype, long[] shape, ReadOnlySpan<byte> elements)
    {
        var tensor = Tensor.Rent(dtype, shape);
        elements.CopyTo(tensor.Bytes);
        return tensor;
    }
}
