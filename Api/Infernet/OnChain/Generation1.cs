using Granary.Serving;
using Granary.Serving.Json;
using Granary.Torch;

namespace Granary.Api.Infernet.OnChain;

/// <summary>
/// 1.0: <c>(uint8 source, string repo_id, string filename, string version, bytes vector)</c> with the vector
/// <c>(uint8 dtype, uint16[] shape, T[] values)</c>. Source: infernet-monorepo v1.0.0, <c>torch_inference_service/src/app.py</c>
/// and <c>utils/codec/vector.py</c>.
/// </summary>
internal static class Generation1
{
    /// <summary>The first word of such a request is the source of the model: below every offset.</summary>
    public const ulong FirstWordLimit = Generation0.FirstWord;

    private const ulong HeadBytes = 3 * AbiWord.Size;

    /// <summary>Reads the model.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.InvalidArgument"/>: the source is none, or local, which no contract may name.</exception>
    public static ModelReference ReadModel(AbiReader request, ModelReferenceCache references)
    {
        var source = request.UInt8(0, "source");
        var repository = request.Text(1, "repo_id", ChainModels.MaxTextBytes);
        var file = request.Text(2, "filename", ChainModels.MaxTextBytes);
        var version = request.Text(3, "version", ChainModels.MaxTextBytes);
        if (repository.IsEmpty && file.IsEmpty && version.IsEmpty)
            return ModelReferenceCache.Default;
        if (source is not (1 or 2))
            throw new ServingException(ServingError.InvalidArgument, $"Invalid ModelSource: {source}; an on-chain request may name 1 (arweave) or 2 (huggingface)");
        return references.FromChain(source, repository, file, version);
    }

    /// <summary>Reads the tensor, which the caller owns.</summary>
    public static Tensor ReadTensor(AbiReader request) => ReadVector(request.Bytes(4, "vector").Open());

    /// <summary>Reads a vector.</summary>
    public static Tensor ReadVector(AbiReader vector)
    {
        var dtype = vector.UInt8(0, "vector.dtype");
        var values = vector.Array(2, "vector.values");
        var reader = new ElementReader(values, VectorShape.Read(vector.Array(1, "vector.shape"), values));
        return dtype switch
        {
            0 => reader.Read<UnsignedForm<uint>, uint>(DType.Float32, "uint32"),
            1 => reader.Read<UnsignedForm<ulong>, ulong>(DType.Float64, "uint64"),
            2 => reader.Read<ComplexFloatForm, ulong>(DType.Complex64, "uint64"),
            3 => reader.Read<ComplexDoubleForm, Complex<ulong>>(DType.Complex128, "uint128"),
            4 => reader.Read<UnsignedForm<ushort>, ushort>(DType.Float16, "uint16"),
            5 => reader.Read<BFloat16AsHalfForm, ushort>(DType.BFloat16, "uint16"),
            6 => reader.Read<UnsignedForm<byte>, byte>(DType.UInt8, "uint8"),
            7 => reader.Read<SignedForm<sbyte>, sbyte>(DType.Int8, "int8"),
            8 => reader.Read<SignedForm<short>, short>(DType.Int16, "int16"),
            9 => reader.Read<SignedForm<int>, int>(DType.Int32, "int32"),
            10 => reader.Read<SignedForm<long>, long>(DType.Int64, "int64"),
            11 => reader.Read<BooleanForm, byte>(DType.Bool, "bool"),
            _ => throw new ServingException(ServingError.InvalidArgument, $"vector.dtype {dtype} is unknown; expected 0 to 11"),
        };
    }

    /// <summary>Appends a vector with the tensor's own dtype.</summary>
    public static void WriteVector(PooledBufferWriter buffer, Tensor tensor)
    {
        AbiWriter.Write(buffer, Number(tensor.DType));
        AbiWriter.Write(buffer, HeadBytes);
        AbiWriter.Write(buffer, HeadBytes + ((ulong)(tensor.Shape.Length + 1) * AbiWord.Size));
        AbiWriter.WriteShape(buffer, tensor.Shape);
        WriteElements(new ElementWriter(buffer, tensor), tensor.DType);
    }

    private static void WriteElements(ElementWriter writer, DType dtype)
    {
        switch (dtype)
        {
            case DType.Float32:
                writer.Write<UnsignedForm<uint>, uint>("uint32");
                break;
            case DType.Float64:
                writer.Write<UnsignedForm<ulong>, ulong>("uint64");
                break;
            case DType.Complex64:
                writer.Write<ComplexFloatForm, ulong>("uint64");
                break;
            case DType.Complex128:
                writer.Write<ComplexDoubleForm, Complex<ulong>>("uint128");
                break;
            case DType.Float16:
                writer.Write<UnsignedForm<ushort>, ushort>("uint16");
                break;
            case DType.BFloat16:
                writer.Write<BFloat16AsHalfForm, ushort>("binary16");
                break;
            case DType.UInt8:
                writer.Write<UnsignedForm<byte>, byte>("uint8");
                break;
            case DType.Int8:
                writer.Write<SignedForm<sbyte>, sbyte>("int8");
                break;
            case DType.Int16:
                writer.Write<SignedForm<short>, short>("int16");
                break;
            case DType.Int32:
                writer.Write<SignedForm<int>, int>("int32");
                break;
            case DType.Int64:
                writer.Write<SignedForm<long>, long>("int64");
                break;
            default:
                writer.Write<BooleanForm, byte>("bool");
                break;
        }
    }

    private static ulong Number(DType dtype) => dtype switch
    {
        DType.Float32 => 0,
        DType.Float64 => 1,
        DType.Complex64 => 2,
        DType.Complex128 => 3,
        DType.Float16 => 4,
        DType.BFloat16 => 5,
        DType.UInt8 => 6,
        DType.Int8 => 7,
        DType.Int16 => 8,
        DType.Int32 => 9,
        DType.Int64 => 10,
        DType.Bool => 11,
        _ => throw AbiErrors.Inexpressible($"The model returned a {dtype.TorchName()} tensor, which no on-chain vector of generation 1.0 can carry; let the model convert it, for example with .float()"),
    };
}
