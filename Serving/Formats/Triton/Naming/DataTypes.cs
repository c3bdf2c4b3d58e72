using Granary.Serving.Formats.Triton.Config;
using Granary.Torch;

namespace Granary.Serving.Formats.Triton.Naming;

/// <summary>Element types of configurations, of requests (<c>FP32</c>, <c>BYTES</c>) and of libtorch.</summary>
public static class DataTypes
{
    /// <summary>The tensor dtype; null for strings, which are no tensor.</summary>
    public static DType? ToDType(this DataType type) => type switch
    {
        DataType.Bool => DType.Bool,
        DataType.Uint8 => DType.UInt8,
        DataType.Uint16 => DType.UInt16,
        DataType.Uint32 => DType.UInt32,
        DataType.Uint64 => DType.UInt64,
        DataType.Int8 => DType.Int8,
        DataType.Int16 => DType.Int16,
        DataType.Int32 => DType.Int32,
        DataType.Int64 => DType.Int64,
        DataType.Fp16 => DType.Float16,
        DataType.Fp32 => DType.Float32,
        DataType.Fp64 => DType.Float64,
        DataType.Bf16 => DType.BFloat16,
        _ => null,
    };

    /// <summary>The element type of a dtype; <see cref="DataType.Invalid"/> for those that the protocol has no name for (complex, 8-bit floats).</summary>
    public static DataType Of(DType dtype) => dtype switch
    {
        DType.Bool => DataType.Bool,
        DType.UInt8 => DataType.Uint8,
        DType.UInt16 => DataType.Uint16,
        DType.UInt32 => DataType.Uint32,
        DType.UInt64 => DataType.Uint64,
        DType.Int8 => DataType.Int8,
        DType.Int16 => DataType.Int16,
        DType.Int32 => DataType.Int32,
        DType.Int64 => DataType.Int64,
        DType.Float16 => DataType.Fp16,
        DType.Float32 => DataType.Fp32,
        DType.Float64 => DataType.Fp64,
        DType.BFloat16 => DataType.Bf16,
        _ => DataType.Invalid,
    };

    /// <summary>The name in requests and metadata: <c>FP32</c>, <c>BYTES</c>.</summary>
    public static string WireName(this DataType type) => type switch
    {
        DataType.Bool => "BOOL",
        DataType.Uint8 => "UINT8",
        DataType.Uint16 => "UINT16",
        DataType.Uint32 => "UINT32",
        DataType.Uint64 => "UINT64",
        DataType.Int8 => "INT8",
        DataType.Int16 => "INT16",
        DataType.Int32 => "INT32",
        DataType.Int64 => "INT64",
        DataType.Fp16 => "FP16",
        DataType.Fp32 => "FP32",
        DataType.Fp64 => "FP64",
        DataType.Bf16 => "BF16",
        DataType.String => "BYTES",
        _ => "<invalid>",
    };

    /// <summary>The element type of a name in a request; null when there is none.</summary>
    public static DataType? FromWireName(ReadOnlySpan<char> name) => name switch
    {
        "BOOL" => DataType.Bool,
        "UINT8" => DataType.Uint8,
        "UINT16" => DataType.Uint16,
        "UINT32" => DataType.Uint32,
        "UINT64" => DataType.Uint64,
        "INT8" => DataType.Int8,
        "INT16" => DataType.Int16,
        "INT32" => DataType.Int32,
        "INT64" => DataType.Int64,
        "FP16" => DataType.Fp16,
        "FP32" => DataType.Fp32,
        "FP64" => DataType.Fp64,
        "BF16" => DataType.Bf16,
        "BYTES" => DataType.String,
        _ => null,
    };
}
