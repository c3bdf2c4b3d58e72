using System.Buffers.Binary;
using Granary.Torch;

namespace Granary.Serving.Formats.Pickles;

/// <summary>A numpy dtype of plain little-endian numbers. Source: numpy's <c>doc/source/reference/arrays.interface.rst</c>, typestr.</summary>
internal sealed class NumpyType
{
    private NumpyType(DType dtype) => DType = dtype;

    public DType DType { get; }

    /// <summary><c>numpy.dtype('f8', False, True)</c>; null when it is of another form.</summary>
    public static NumpyType? Create(object?[] arguments, PickleBudget budget)
    {
        if (arguments is not [string name, ..])
            return null;
        budget.Charge(24);
        return new NumpyType(name.TrimStart('<', '|', '=') switch
        {
            "f8" => DType.Float64,
            "f4" => DType.Float32,
            "f2" => DType.Float16,
            "i8" => DType.Int64,
            "i4" => DType.Int32,
            "i2" => DType.Int16,
            "i1" => DType.Int8,
            "u1" => DType.UInt8,
            "b1" => DType.Bool,
            _ => throw PickleException.Refused($"holds numpy values of the dtype '{PrintableText.Of(name, 40)}', which is not read"),
        });
    }

    /// <summary>The state of a dtype: only its byte order matters.</summary>
    public void SetState(object? state)
    {
        if (state is not object?[] { Length: >= 3 } parts || parts[1] is not ("<" or "|" or "="))
            throw PickleException.Refused("holds numpy values that are not little-endian numbers");
    }

    /// <summary><c>numpy.core.multiarray.scalar(dtype, bytes)</c> as a plain number; null when it is of another form.</summary>
    public static object? Scalar(object?[] arguments)
    {
        if (arguments is not [NumpyType type, byte[] bytes] || bytes.Length != type.DType.ElementSize())
            return null;
        return type.DType switch
        {
            DType.Float64 => BinaryPrimitives.ReadDoubleLittleEndian(bytes),
            DType.Float32 => (double)BinaryPrimitives.ReadSingleLittleEndian(bytes),
            DType.Float16 => (double)BinaryPrimitives.ReadHalfLittleEndian(bytes),
            DType.Int64 => BinaryPrimitives.ReadInt64LittleEndian(bytes),
            DType.Int32 => (long)BinaryPrimitives.ReadInt32LittleEndian(bytes),
            DType.Int16 => (long)BinaryPrimitives.ReadInt16LittleEndian(bytes),
            DType.Int8 => (long)(sbyte)bytes[0],
            DType.UInt8 => (long)bytes[0],
            _ => bytes[0] != 0 ? Boxes.True : Boxes.False,
        };
    }

}
