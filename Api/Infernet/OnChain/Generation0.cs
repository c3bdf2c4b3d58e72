using Granary.Serving.Json;
using Granary.Torch;

namespace Granary.Api.Infernet.OnChain;

/// <summary>
/// 0.1: <c>(int256[])</c> of SD59x18, numbers times 10^18, which become float64 of shape <c>[1, n]</c>.
/// Source: infernet-ml 0.1.0, <c>services/torch_inference_service</c> and <c>utils/decode.py</c>.
/// </summary>
internal static class Generation0
{
    /// <summary>The first word of such a request: the offset of its only field.</summary>
    public const ulong FirstWord = 0x20;

    private const string AbiType = "int256 (SD59x18)";

    /// <summary>Reads the tensor, which the caller owns.</summary>
    public static Tensor Read(AbiReader request)
    {
        var values = request.Array(0, "values");
        return new ElementReader(values, [1, values.Count]).Read<FixedOctupleForm, double>(DType.Float64, AbiType, new(FixedPoint.DefaultScale));
    }

    /// <summary>
    /// Appends all elements, row-major, as the input has them. The original answers on-chain requests in JSON, which the nodes of
    /// its time delivered as text; this is for a node that asks for an on-chain answer.
    /// </summary>
    public static void Write(PooledBufferWriter buffer, Tensor tensor)
    {
        AbiWriter.Write(buffer, FirstWord);
        var writer = new ElementWriter(buffer, tensor);
        switch (tensor.DType)
        {
            case DType.Float64:
                writer.Write<RealToSd59X18<double>, double>(AbiType);
                break;
            case DType.Float32:
                writer.Write<RealToSd59X18<float>, float>(AbiType);
                break;
            case DType.Float16:
                writer.Write<RealToSd59X18<Half>, Half>(AbiType);
                break;
            case DType.BFloat16:
                writer.Write<BFloat16ToSd59X18, ushort>(AbiType);
                break;
            default:
                FixedPointWriter.WriteWhole(writer, tensor.DType, FixedPoint.DefaultScale, "SD59x18");
                break;
        }
    }
}
