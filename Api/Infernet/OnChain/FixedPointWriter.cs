using Granary.Serving;
using Granary.Torch;

namespace Granary.Api.Infernet.OnChain;

/// <summary>Writes tensors of real and whole numbers as <c>int128[]</c> in fixed point.</summary>
internal static class FixedPointWriter
{
    private const string AbiType = "int128";

    /// <summary>Appends all elements.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.Unsupported"/>: a complex tensor, or an element that does not fit.</exception>
    public static void Write(ElementWriter writer, DType dtype, int scale)
    {
        switch (dtype)
        {
            case DType.Float64:
                writer.Write<RealToFixed<double>, double>(AbiType, new(scale));
                break;
            case DType.Float32:
                writer.Write<RealToFixed<float>, float>(AbiType, new(scale));
                break;
            case DType.Float16:
                writer.Write<RealToFixed<Half>, Half>(AbiType, new(scale));
                break;
            case DType.BFloat16:
                writer.Write<BFloat16ToFixed, ushort>(AbiType, new(scale));
                break;
            default:
                WriteWhole(writer, dtype, scale, "fixed point");
                break;
        }
    }

    /// <summary>Appends all elements of a tensor of whole numbers or truth values.</summary>
    public static void WriteWhole(ElementWriter writer, DType dtype, int scale, string form)
    {
        switch (dtype)
        {
            case DType.Int64:
                writer.Write<WholeToFixed<long>, long>(AbiType, new(scale));
                break;
            case DType.Int32:
                writer.Write<WholeToFixed<int>, int>(AbiType, new(scale));
                break;
            case DType.Int16:
                writer.Write<WholeToFixed<short>, short>(AbiType, new(scale));
                break;
            case DType.Int8:
                writer.Write<WholeToFixed<sbyte>, sbyte>(AbiType, new(scale));
                break;
            case DType.UInt8 or DType.Bool:
                writer.Write<WholeToFixed<byte>, byte>(AbiType, new(scale));
                break;
            case DType.UInt16:
                writer.Write<WholeToFixed<ushort>, ushort>(AbiType, new(scale));
                break;
            case DType.UInt32:
                writer.Write<WholeToFixed<uint>, uint>(AbiType, new(scale));
                break;
            case DType.UInt64:
                writer.Write<WholeToFixed<ulong>, ulong>(AbiType, new(scale));
                break;
            default:
                throw AbiErrors.Inexpressible($"The model returned a {dtype.TorchName()} tensor, which {form} cannot hold; let the model return real numbers or ask for ieee");
        }
    }
}
