using Granary.Torch;

namespace Granary.Serving.Formats.Pickles;

/// <summary>A numpy array of plain numbers, which becomes a tensor.</summary>
internal sealed class NumpyArray
{
    private Tensor? _tensor;

    private NumpyArray()
    {
    }

    /// <summary>Its elements.</summary>
    /// <exception cref="PickleException">The pickle never gave it any.</exception>
    public Tensor Tensor => _tensor ?? throw PickleException.Damaged("its pickle has a numpy array without elements");

    /// <summary><c>_reconstruct(numpy.ndarray, (0,), b'b')</c>; null when it is of another form.</summary>
    public static NumpyArray? Create(object?[] arguments, PickleBudget budget)
    {
        if (arguments is not [PickledGlobal { FullName: "numpy.ndarray" }, object?[], byte[] or string])
            return null;
        budget.Charge(24);
        return new NumpyArray();
    }

    /// <summary>The state of an array: version, shape, dtype, whether columns come first, elements.</summary>
    public void SetState(object? state, PickleBudget budget)
    {
        if (_tensor is not null || state is not object?[] { Length: 5 } parts || parts[1] is not object?[] { Length: <= PickleLimits.Rank } sizes || parts[3] is not bool columnsFirst)
            throw PickleException.Damaged("its pickle describes a numpy array wrongly");
        if (parts[2] is not NumpyType type || parts[4] is not byte[] bytes)
            throw PickleException.Refused("holds a numpy array of Python objects, which is not read");
        var shape = new long[sizes.Length];
        Int128 length = type.DType.ElementSize();
        for (var i = 0; i < shape.Length; i++)
        {
            shape[i] = sizes[i] is long and >= 0 and <= int.MaxValue ? (long)sizes[i]! : throw PickleException.Damaged("a numpy array has a size that is none");
            length *= shape[i];
            if (length > int.MaxValue)
                throw PickleException.Damaged("a numpy array is larger than its file");
        }

        if (length != bytes.Length)
            throw PickleException.Damaged("a numpy array has another length than its shape says");
        if (type.DType == DType.Bool && bytes.AsSpan().ContainsAnyExceptInRange((byte)0, (byte)1))
            throw PickleException.Damaged("a boolean numpy array holds other values than 0 and 1");
        budget.Charge(128 + (2L * bytes.Length));
        _tensor = Tensor.Rent(type.DType, shape);
        if (columnsFirst)
            StridedCopy.Run(bytes, _tensor.Bytes, shape, ColumnStrides(shape), type.DType.ElementSize());
        else
            bytes.CopyTo(_tensor.Bytes);
    }

    private static long[] ColumnStrides(long[] shape)
    {
        var strides = new long[shape.Length];
        long next = 1;
        for (var i = 0; i < shape.Length; i++)
        {
            strides[i] = next;
            next *= shape[i];
        }

        return strides;
    }
}
