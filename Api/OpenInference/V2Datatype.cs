using Granary.Torch;

namespace Granary.Api.OpenInference;

/// <summary>
/// The datatypes of the Open Inference protocol. BYTES is text to TorchScript: its elements are strings in UTF-8.
/// Source: open-inference-protocol, <c>specification/protocol/inference_rest.md</c>, "Tensor Data Types"; BF16 is Triton's.
/// </summary>
internal static class V2Datatype
{
    /// <summary>Elements of any length.</summary>
    public const string Bytes = "BYTES";

    /// <summary>The dtype of a name; false for BYTES and for names that the protocol does not have.</summary>
    public static bool TryParse(string name, out DType dtype)
    {
        DType? found = name switch
        {
            "BOOL" => DType.Bool,
            "UINT8" => DType.UInt8,
            "UINT16" => DType.UInt16,
            "UINT32" => DType.UInt32,
            "UINT64" => DType.UInt64,
            "INT8" => DType.Int8,
            "INT16" => DType.Int16,
            "INT32" => DType.Int32,
            "INT64" => DType.Int64,
            "FP16" => DType.Float16,
            "BF16" => DType.BFloat16,
            "FP32" => DType.Float32,
            "FP64" => DType.Float64,
            _ => null,
        };
        dtype = found.GetValueOrDefault();
        return found is not null;
    }

    /// <summary>The name of a dtype; null when the protocol has none.</summary>
    public static string? NameOf(DType dtype) => dtype switch
    {
        DType.Bool => "BOOL",
        DType.UInt8 => "UINT8",
        DType.UInt16 => "UINT16",
        DType.UInt32 => "UINT32",
        DType.UInt64 => "UINT64",
        DType.Int8 => "INT8",
        DType.Int16 => "INT16",
        DType.Int32 => "INT32",
        DType.Int64 => "INT64",
        DType.Float16 => "FP16",
        DType.BFloat16 => "BF16",
        DType.Float32 => "FP32",
        DType.Float64 => "FP64",
        _ => null,
    };
}
