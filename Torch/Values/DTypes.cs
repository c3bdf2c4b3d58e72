namespace Granary.Torch;

/// <summary>Facts about <see cref="DType"/> values.</summary>
public static class DTypes
{
    /// <summary>Bytes of one element.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="dtype"/> is not a named value.</exception>
    public static int ElementSize(this DType dtype) => dtype switch
    {
        DType.UInt8 or DType.Int8 or DType.Bool or DType.Float8E5M2 or DType.Float8E4M3Fn => 1,
        DType.Int16 or DType.UInt16 or DType.Float16 or DType.BFloat16 => 2,
        DType.Int32 or DType.UInt32 or DType.Float32 or DType.Complex32 => 4,
        DType.Int64 or DType.UInt64 or DType.Float64 or DType.Complex64 => 8,
        DType.Complex128 => 16,
        _ => throw new ArgumentOutOfRangeException(nameof(dtype), dtype, "unknown dtype"),
    };

    /// <summary>The name that PyTorch prints without its <c>torch.</c> prefix, such as <c>float32</c>.</summary>
    public static string TorchName(this DType dtype) => dtype switch
    {
        DType.UInt8 => "uint8",
        DType.Int8 => "int8",
        DType.Int16 => "int16",
        DType.Int32 => "int32",
        DType.Int64 => "int64",
        DType.Float16 => "float16",
        DType.Float32 => "float32",
        DType.Float64 => "float64",
        DType.Complex32 => "complex32",
        DType.Complex64 => "complex64",
        DType.Complex128 => "complex128",
        DType.Bool => "bool",
        DType.BFloat16 => "bfloat16",
        DType.Float8E5M2 => "float8_e5m2",
        DType.Float8E4M3Fn => "float8_e4m3fn",
        DType.UInt16 => "uint16",
        DType.UInt32 => "uint32",
        DType.UInt64 => "uint64",
        _ => $"dtype({(byte)dtype})",
    };

    /// <summary>Whether libtorch may know this number under a name that Granary does not carry (quantised types).</summary>
    public static bool IsKnown(DType dtype) => Enum.IsDefined(dtype);
}
