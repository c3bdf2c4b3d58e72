using Granary.Api.Infernet.OnChain;
using Granary.Api.Infernet.Receipts;
using Granary.Serving;
using Granary.Serving.Json;
using Granary.Torch;

namespace Granary.Api.Infernet;

/// <summary>Writes what a model returned in the form of the request's generation. A success never holds a <c>code</c>.</summary>
internal static class InfernetResponseWriter
{
    /// <summary>Writes the whole body, and signs the receipt when there is one.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.Unsupported"/>: the form cannot express the value.</exception>
    public static void Write(PooledBufferWriter writer, in InfernetRequest request, Value value, Receipt? receipt)
    {
        if (request.Reply is not null)
        {
            OnChainResponseWriter.Write(writer, request.Format, request.Reply, AsTensor(value), receipt);
            return;
        }

        if (request.Format == InfernetFormat.Values)
            WriteData(writer, value);
        else
            WriteVector(writer, request.Format, AsTensor(value));
        receipt?.Sign([], writer.WrittenSpan);
    }

    private static void WriteVector(PooledBufferWriter writer, InfernetFormat format, Tensor tensor)
    {
        writer.Write("{\"dtype\":"u8);
        if (format == InfernetFormat.RitualVector)
        {
            JsonScalarWriter.WriteInt64(writer, InfernetDTypes.Number(tensor.DType));
        }
        else
        {
            writer.WriteByte((byte)'"');
            writer.Write(InfernetDTypes.Name(tensor.DType));
            writer.WriteByte((byte)'"');
        }

        writer.Write(",\"shape\":"u8);
        JsonTensorWriter.WriteShape(writer, tensor.Shape);
        writer.Write(",\"values\":"u8);
        JsonTensorWriter.WriteFlat(writer, tensor);
        writer.WriteByte((byte)'}');
    }

    /// <summary>One flat list for each item of what the model returned: the rows of a tensor, or the tensors of a tuple or list.</summary>
    private static void WriteData(PooledBufferWriter writer, Value value)
    {
        writer.Write("{\"data\":"u8);
        switch (value)
        {
            case Tensor { Shape.Length: 0 } scalar:
                WriteItems(writer, [scalar]);
                break;
            case Tensor tensor:
                JsonTensorWriter.WriteRows(writer, tensor);
                break;
            case TupleValue tuple:
                WriteItems(writer, tuple.Items);
                break;
            case ListValue list:
                WriteItems(writer, list.Items);
                break;
            default:
                throw NoTensor(value);
        }

        writer.WriteByte((byte)'}');
    }

    private static void WriteItems(PooledBufferWriter writer, IReadOnlyList<Value> items)
    {
        writer.WriteByte((byte)'[');
        for (var i = 0; i < items.Count; i++)
        {
            if (i > 0)
                writer.WriteByte((byte)',');
            JsonTensorWriter.WriteFlat(writer, AsTensor(items[i]));
        }

        writer.WriteByte((byte)']');
    }

    private static Tensor AsTensor(Value value) => value as Tensor ?? throw NoTensor(value);

    private static ServingException NoTensor(Value value) => new(ServingError.Unsupported,
        $"The model returned a {value.Kind}; an Infernet answer carries one tensor, so the model's forward must return a single Tensor");
}
