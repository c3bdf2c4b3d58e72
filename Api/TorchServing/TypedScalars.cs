using System.Runtime.InteropServices;
using Granary.Serving;
using Granary.Torch;

namespace Granary.Api.TorchServing;

/// <summary>Python's number of the one element of a tensor, as <c>Tensor.item()</c> gives it.</summary>
internal static class TypedScalars
{
    /// <summary>An int, float, bool or complex of the same value.</summary>
    public static Value Of(Tensor tensor) => tensor.DType switch
    {
        DType.Float32 => new DoubleValue(tensor.As<float>()[0]),
        DType.Float64 => new DoubleValue(tensor.As<double>()[0]),
        DType.Float16 => new DoubleValue((double)tensor.As<Half>()[0]),
        DType.BFloat16 => new DoubleValue(BitConverter.UInt32BitsToSingle((uint)tensor.As<ushort>()[0] << 16)),
        DType.Int64 => new IntValue(tensor.As<long>()[0]),
        DType.Int32 => new IntValue(tensor.As<int>()[0]),
        DType.Int16 => new IntValue(tensor.As<short>()[0]),
        DType.Int8 => new IntValue(tensor.As<sbyte>()[0]),
        DType.UInt8 => new IntValue(tensor.As<byte>()[0]),
        DType.Bool => new BoolValue(tensor.As<byte>()[0] != 0),
        DType.Complex64 => OfParts(MemoryMarshal.Cast<byte, float>(tensor.Bytes) is [var real, var imaginary] ? (real, imaginary) : default),
        DType.Complex128 => OfParts(MemoryMarshal.Cast<byte, double>(tensor.Bytes) is [var real, var imaginary] ? (real, imaginary) : default),
        _ => throw new ServingException(ServingError.Unsupported, $"a scalar cannot be a {tensor.DType.TorchName()}"),
    };

    private static ComplexValue OfParts((double Real, double Imaginary) parts) => new(new(parts.Real, parts.Imaginary));
}
