using Granary.Serving;
using Granary.Serving.Json;
using Granary.Torch;

namespace Granary.Api.Infernet.OnChain;

/// <summary>
/// 2.0: <c>(bytes model_id, bytes vector[, uint8 output_arithmetic[, uint8 output_num_decimals]])</c> with the vector
/// <c>(uint8 arithmetic, uint8 scale, uint8 dtype, uint16[] shape, T[] values)</c>. Source: infernet-monorepo,
/// <c>utils/codec/vector.py</c>, <c>utils/specs/ml_model_id.py</c> and <c>resource/repo_id.py</c>.
/// </summary>
internal static class Generation2
{
    // The dtype as which fixed point always travels: float128, an int128.
    private const ulong FixedPointDType = 3;
    private const ulong HeadBytes = 5 * AbiWord.Size;

    /// <summary>Whether a request begins so: with the offset of its first tail, which is the length of its head.</summary>
    public static bool IsFirstWord(ulong word) => word is 0x40 or 0x60 or 0x80;

    /// <summary>Reads the model; no bytes mean the default one.</summary>
    public static ModelReference ReadModel(AbiReader request, ModelReferenceCache references)
    {
        var id = request.Bytes(0, "model_id");
        return id.Content.IsEmpty ? ModelReferenceCache.Default : references.FromChain(id);
    }

    /// <summary>Reads the tensor, which the caller owns.</summary>
    public static Tensor ReadTensor(AbiReader request) => ReadVector(request.Bytes(1, "vector").Open());

    /// <summary>Reads the optional words of the head. The original ignores them and always answers ieee with scale 18.</summary>
    public static OutputOptions ReadOutput(AbiReader request)
    {
        var words = request.Word(0, "model_id").D / AbiWord.Size;
        var fixedPoint = words > 2 && ReadArithmetic(request, 2, "output_arithmetic");
        return new OutputOptions(fixedPoint, words > 3 ? request.UInt8(3, "output_num_decimals") : null);
    }

    /// <summary>Reads a vector.</summary>
    public static Tensor ReadVector(AbiReader vector)
    {
        var fixedPoint = ReadArithmetic(vector, 0, "vector.arithmetic");
        var scale = vector.UInt8(1, "vector.fixed_point_scale");
        var dtype = vector.UInt8(2, "vector.dtype");
        var values = vector.Array(4, "vector.values");
        var reader = new ElementReader(values, VectorShape.Read(vector.Array(3, "vector.shape"), values));
        return fixedPoint ? ReadFixedPoint(reader, dtype, scale) : ReadIeee(reader, dtype);
    }

    /// <summary>Appends a vector with the tensor's own dtype, or float128 in fixed point.</summary>
    public static void WriteVector(PooledBufferWriter buffer, Tensor tensor, OutputOptions output)
    {
        AbiWriter.Write(buffer, output.FixedPoint ? 1ul : 0ul);
        AbiWriter.Write(buffer, (ulong)output.Scale);
        AbiWriter.Write(buffer, output.FixedPoint ? FixedPointDType : (ulong)InfernetDTypes.Number(tensor.DType));
        AbiWriter.Write(buffer, HeadBytes);
        AbiWriter.Write(buffer, HeadBytes + ((ulong)(tensor.Shape.Length + 1) * AbiWord.Size));
        AbiWriter.WriteShape(buffer, tensor.Shape);
        var writer = new ElementWriter(buffer, tensor);
        if (output.FixedPoint)
            FixedPointWriter.Write(writer, tensor.DType, output.Scale);
        else
            WriteIeee(writer, tensor.DType);
    }

    // The sign of a float is the sign of its word; float128 and float256 hold the bits of a binary64.
    private static Tensor ReadIeee(ElementReader reader, byte dtype) => dtype switch
    {
        0 => reader.Read<SignedForm<short>, short>(DType.Float16, "int16"),
        1 => reader.Read<SignedForm<int>, int>(DType.Float32, "int32"),
        2 => reader.Read<SignedForm<long>, long>(DType.Float64, "int64"),
        3 or 4 => reader.Read<SignedForm<long>, long>(DType.Float64, "binary64 in an int64"),
        13 => reader.Read<ComplexFloatForm, ulong>(DType.Complex64, "uint64"),
        14 => reader.Read<ComplexDoubleForm, Complex<ulong>>(DType.Complex128, "uint128"),
        _ => ReadWhole(reader, dtype),
    };

    private static Tensor ReadFixedPoint(ElementReader reader, byte dtype, int scale) => dtype switch
    {
        0 => reader.Read<FixedHalfForm, Half>(DType.Float16, "int16", new(scale)),
        1 => reader.Read<FixedSingleForm, float>(DType.Float32, "int32", new(scale)),
        2 => reader.Read<FixedDoubleForm, double>(DType.Float64, "int64", new(scale)),
        3 => reader.Read<FixedQuadForm, double>(DType.Float64, "int128", new(scale)),
        4 => reader.Read<FixedOctupleForm, double>(DType.Float64, "int256", new(scale)),
        13 => reader.Read<FixedComplexFloatForm, Complex<float>>(DType.Complex64, "uint64", new(scale)),
        14 => reader.Read<FixedComplexDoubleForm, Complex<double>>(DType.Complex128, "uint128", new(scale)),
        _ => ReadWhole(reader, dtype),
    };

    // Whole numbers and truth values are not scaled in either arithmetic.
    private static Tensor ReadWhole(ElementReader reader, byte dtype) => dtype switch
    {
        5 => reader.Read<SignedForm<sbyte>, sbyte>(DType.Int8, "int8"),
        6 => reader.Read<SignedForm<short>, short>(DType.Int16, "int16"),
        7 => reader.Read<SignedForm<int>, int>(DType.Int32, "int32"),
        8 => reader.Read<SignedForm<long>, long>(DType.Int64, "int64"),
        9 => reader.Read<UnsignedForm<byte>, byte>(DType.UInt8, "uint8"),
        10 => reader.Read<UnsignedForm<ushort>, ushort>(DType.UInt16, "uint16"),
        11 => reader.Read<UnsignedForm<uint>, uint>(DType.UInt32, "uint32"),
        12 => reader.Read<UnsignedForm<ulong>, ulong>(DType.UInt64, "uint64"),
        15 => reader.Read<BooleanForm, byte>(DType.Bool, "bool"),
        _ => throw new ServingException(ServingError.InvalidArgument, $"vector.dtype {dtype} is unknown; expected 0 to 15"),
    };

    private static void WriteIeee(ElementWriter writer, DType dtype)
    {
        switch (dtype)
        {
            case DType.Float16 or DType.Int16:
                writer.Write<SignedForm<short>, short>("int16");
                break;
            case DType.Float32 or DType.Int32:
                writer.Write<SignedForm<int>, int>("int32");
                break;
            case DType.Float64 or DType.Int64:
                writer.Write<SignedForm<long>, long>("int64");
                break;
            case DType.BFloat16:
                writer.Write<BFloat16AsSingleForm, ushort>("int32");
                break;
            case DType.Int8:
                writer.Write<SignedForm<sbyte>, sbyte>("int8");
                break;
            case DType.UInt8:
                writer.Write<UnsignedForm<byte>, byte>("uint8");
                break;
            case DType.UInt16:
                writer.Write<UnsignedForm<ushort>, ushort>("uint16");
                break;
            case DType.UInt32:
                writer.Write<UnsignedForm<uint>, uint>("uint32");
                break;
            case DType.UInt64:
                writer.Write<UnsignedForm<ulong>, ulong>("uint64");
                break;
            case DType.Complex64:
                writer.Write<ComplexFloatForm, ulong>("uint64");
                break;
            case DType.Complex128:
                writer.Write<ComplexDoubleForm, Complex<ulong>>("uint128");
                break;
            default:
                writer.Write<BooleanForm, byte>("bool");
                break;
        }
    }

    private static bool ReadArithmetic(AbiReader reader, int index, string field) => reader.UInt8(index, field) switch
    {
        0 => false,
        1 => true,
        var other => throw AbiErrors.Invalid(field, reader.PositionOf(index), $"{other} is neither 0 (ieee) nor 1 (fixed_point)"),
    };
}
