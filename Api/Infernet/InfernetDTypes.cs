using Granary.Serving;
using Granary.Serving.Json;
using Granary.Torch;

namespace Granary.Api.Infernet;

/// <summary>
/// The two dtype namespaces of Infernet. Names are those of infernet-ml 1.0 (with the aliases that PyTorch prints); numbers are
/// those of the RitualVector of 2.0. Source: infernet-monorepo, <c>utils/codec/vector.py</c> of both generations.
/// </summary>
internal static class InfernetDTypes
{
    /// <summary>The dtype that a RitualVector without one has.</summary>
    public const DType Default = DType.Float32;

    private const string AllowedNames = "float, double, cfloat, cdouble, half, bfloat16, uint8, int8, short, int, long or bool";

    /// <summary>float128 and float256 have no PyTorch counterpart and are float64 there.</summary>
    private static readonly DType[] Numbers =
    [
        DType.Float16, DType.Float32, DType.Float64, DType.Float64, DType.Float64,
        DType.Int8, DType.Int16, DType.Int32, DType.Int64,
        DType.UInt8, DType.UInt16, DType.UInt32, DType.UInt64,
        DType.Complex64, DType.Complex128, DType.Bool,
    ];

    /// <summary>Reads a dtype name.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.InvalidArgument"/>: the name is unknown.</exception>
    public static DType FromName(JsonString name)
    {
        // In the order of how often they are asked for.
        if (name.Is("double"u8) || name.Is("float64"u8))
            return DType.Float64;
        if (name.Is("float"u8) || name.Is("float32"u8))
            return DType.Float32;
        return FromRareName(name.ToString()) ?? throw new ServingException(ServingError.InvalidArgument,
            $"dtype {Shorten(name.ToString())} is unknown; expected {AllowedNames}");
    }

    /// <summary>Reads a dtype number.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.InvalidArgument"/>: the number is unknown.</exception>
    public static DType FromNumber(long number) => (ulong)number < (ulong)Numbers.Length
        ? Numbers[number]
        : throw new ServingException(ServingError.InvalidArgument, $"dtype {number} is unknown; expected 0 to {Numbers.Length - 1}");

    /// <summary>The name that generation 1.0 gives a dtype; PyTorch's own where it has none.</summary>
    public static ReadOnlySpan<byte> Name(DType dtype) => dtype switch
    {
        DType.Float32 => "float"u8,
        DType.Float64 => "double"u8,
        DType.Complex64 => "cfloat"u8,
        DType.Complex128 => "cdouble"u8,
        DType.Float16 => "half"u8,
        DType.BFloat16 => "bfloat16"u8,
        DType.UInt8 => "uint8"u8,
        DType.Int8 => "int8"u8,
        DType.Int16 => "short"u8,
        DType.Int32 => "int"u8,
        DType.Int64 => "long"u8,
        DType.Bool => "bool"u8,
        DType.UInt16 => "uint16"u8,
        DType.UInt32 => "uint32"u8,
        DType.UInt64 => "uint64"u8,
        _ => throw Inexpressible(dtype),
    };

    /// <summary>The number of a dtype. bfloat16 has none; its values are written as the float32 that holds them exactly.</summary>
    public static int Number(DType dtype) => dtype switch
    {
        DType.Float16 => 0,
        DType.Float32 or DType.BFloat16 => 1,
        DType.Float64 => 2,
        DType.Int8 => 5,
        DType.Int16 => 6,
        DType.Int32 => 7,
        DType.Int64 => 8,
        DType.UInt8 => 9,
        DType.UInt16 => 10,
        DType.UInt32 => 11,
        DType.UInt64 => 12,
        DType.Complex64 => 13,
        DType.Complex128 => 14,
        DType.Bool => 15,
        _ => throw Inexpressible(dtype),
    };

    private static DType? FromRareName(string name) => name switch
    {
        "cfloat" or "complex64" => DType.Complex64,
        "cdouble" or "complex128" => DType.Complex128,
        "half" or "float16" => DType.Float16,
        "bfloat16" => DType.BFloat16,
        "uint8" => DType.UInt8,
        "int8" => DType.Int8,
        "short" or "int16" => DType.Int16,
        "int" or "int32" => DType.Int32,
        "long" or "int64" => DType.Int64,
        "bool" => DType.Bool,
        _ => null,
    };

    private static ServingException Inexpressible(DType dtype) => new(ServingError.Unsupported,
        $"The model returned a {dtype.TorchName()} tensor, which no Infernet vector can carry; let the model convert it, for example with .float()");

    private static string Shorten(string name) => name.Length <= 40 ? $"'{name}'" : $"'{name[..37]}...'";
}
