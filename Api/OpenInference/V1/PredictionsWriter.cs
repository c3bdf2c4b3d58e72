using Granary.Serving.Formats.Triton.Repository;
using Granary.Serving.Json;
using Granary.Torch;

namespace Granary.Api.OpenInference.V1;

/// <summary>
/// <c>{"predictions": […]}</c>: one entry an instance. A model with several outputs answers with an object of them for each
/// instance, or, where their first dimensions differ, with one object of whole outputs.
/// </summary>
internal sealed class PredictionsWriter : IReplyWriter
{
    /// <inheritdoc/>
    public void Write(PooledBufferWriter writer, ServedModel model, Value result)
    {
        writer.Write("{\"predictions\":"u8);
        if (result is TupleValue or DictValue)
            WriteOutputs(writer, NamedOutputs.Of(model, result));
        else if (result is Tensor { Shape.IsEmpty: false } or ListValue)
            JsonValueWriter.Write(writer, result);
        else
            JsonValueWriter.Write(writer, new ListValue([result]));
        writer.WriteByte((byte)'}');
    }

    private static void WriteOutputs(PooledBufferWriter writer, NamedOutputs outputs)
    {
        var rows = RowsOf(outputs.Values);
        if (rows < 0)
        {
            JsonValueWriter.WriteObject(writer, outputs.Names, outputs.Values);
            return;
        }

        if (outputs.Values.Count == 1)
        {
            JsonValueWriter.Write(writer, outputs.Values[0]);
            return;
        }

        writer.WriteByte((byte)'[');
        for (var row = 0; row < rows; row++)
        {
            if (row > 0)
                writer.WriteByte((byte)',');
            JsonValueWriter.WriteObject(writer, outputs.Names, [.. outputs.Values.Select(value => RowOf(value, row))]);
        }

        writer.WriteByte((byte)']');
    }

    /// <summary>The first dimension that all outputs have; -1 when there is none.</summary>
    private static long RowsOf(IReadOnlyList<Value> values)
    {
        var rows = -1L;
        for (var i = 0; i < values.Count; i++)
        {
            var own = values[i] switch
            {
                Tensor { Shape: [var first, ..] } => first,
                ListValue list => list.Items.Count,
                _ => -1,
            };
            if (own < 0 || (i > 0 && own != rows))
                return -1;
            rows = own;
        }

        return rows;
    }

    // A view: the memory is the result's.
    private static Value RowOf(Value value, int row)
    {
        if (value is not Tensor tensor)
            return ((ListValue)value).Items[row];
        var size = tensor.ByteLength / tensor.Shape[0];
        return new Tensor(tensor.DType, tensor.Shape[1..].ToArray(), tensor.Data + (nint)(row * size), null);
    }
}
