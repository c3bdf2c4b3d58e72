using Granary.Serving.Json;
using Granary.Torch;

namespace Granary.Api.TorchServing;

/// <summary>Names of <c>data_type</c>: torch-serving's nine, bfloat16, complex numbers, and what Python and PyTorch call them.</summary>
internal static class TypedDataTypes
{
    /// <summary>The dtype of that name for tensors, where PyTorch's names count: <c>torch.int</c> has 32 bits.</summary>
    public static DType? OfTensor(JsonString name)
    {
        if (name.Is("float"u8))
            return DType.Float32;
        return name.Is("int"u8) ? DType.Int32 : Common(name);
    }

    /// <summary>The dtype of that name for scalars, where Python's names count: an <c>int</c> has 64 bits, and so has a <c>float</c>.</summary>
    public static DType? OfScalar(JsonString name)
    {
        if (name.Is("float"u8))
            return DType.Float64;
        return name.Is("int"u8) ? DType.Int64 : Common(name);
    }

    private static DType? Common(JsonString name)
    {
        if (name.Is("float32"u8))
            return DType.Float32;
        if (name.Is("int64"u8) || name.Is("long"u8))
            return DType.Int64;
        if (name.Is("int32"u8))
            return DType.Int32;
        if (name.Is("float64"u8) || name.Is("double"u8))
            return DType.Float64;
        if (name.Is("bool"u8))
            return DType.Bool;
        if (name.Is("uint8"u8))
            return DType.UInt8;
        if (name.Is("int8"u8))
            return DType.Int8;
        if (name.Is("int16"u8) || name.Is("short"u8))
            return DType.Int16;
        if (name.Is("float16"u8) || name.Is("half"u8))
            return DType.Float16;
        if (name.Is("bfloat16"u8))
            return DType.BFloat16;
        if (name.Is("complex64"u8))
            return DType.Complex64;
        return name.Is("complex128"u8) ? DType.Complex128 : null;
    }
}
