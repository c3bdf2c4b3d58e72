using Granary.Serving;
using Granary.Serving.Formats.Triton.Naming;
using Granary.Serving.Formats.Triton.Repository;
using Granary.Serving.Json;
using Granary.Torch;

namespace Granary.Api.OpenInference.V1;

/// <summary>
/// What KFServing's transformer of seed 002 answers: the predictor's V2 reply as Python's <c>json.dumps</c> writes it, with blanks
/// after commas and colons, and float32 as the double of the same value.
/// </summary>
internal sealed class V2FormWriter : IReplyWriter
{
    /// <inheritdoc/>
    public void Write(PooledBufferWriter writer, ServedModel model, Value result)
    {
        writer.Write("{\"model_name\": "u8);
        JsonScalarWriter.WriteString(writer, model.Definition.Name);
        writer.Write(", \"model_version\": "u8);
        JsonScalarWriter.WriteString(writer, model.Definition.Version);
        writer.Write(", \"outputs\": ["u8);
        var outputs = NamedOutputs.Of(model, result);
        for (var i = 0; i < outputs.Values.Count; i++)
        {
            if (i > 0)
                writer.Write(", "u8);
            WriteOutput(writer, outputs.Names[i], outputs.Values[i]);
        }

        writer.Write("]}"u8);
    }

    private static void WriteOutput(PooledBufferWriter writer, string name, Value value)
    {
        var (type, shape) = value switch
        {
            Tensor tensor => (DataTypes.Of(tensor.DType).WireName(), tensor.Shape.ToArray()),
            ListValue list when list.Items.All(static item => item is StringValue) => ("BYTES", [list.Items.Count]),
            _ => throw new ServingException(ServingError.Unsupported, $"output '{name}' is a {value.Kind}; an answer in the form of V2 carries tensors and lists of text"),
        };
        writer.Write("{\"name\": "u8);
        JsonScalarWriter.WriteString(writer, name);
        writer.Write(", \"datatype\": "u8);
        JsonScalarWriter.WriteString(writer, type);
        writer.Write(", \"shape\": ["u8);
        for (var i = 0; i < shape.Length; i++)
        {
            Separate(writer, i);
            JsonScalarWriter.WriteInt64(writer, shape[i]);
        }

        writer.Write("], \"data\": ["u8);
        WriteData(writer, value);
        writer.Write("]}"u8);
    }

    private static void WriteData(PooledBufferWriter writer, Value value)
    {
        if (value is ListValue list)
        {
            for (var i = 0; i < list.Items.Count; i++)
            {
                Separate(writer, i);
                JsonScalarWriter.WriteString(writer, ((StringValue)list.Items[i]).Text);
            }

            return;
        }

        var tensor = (Tensor)value;
        var size = tensor.DType.ElementSize();
        for (var i = 0; i < tensor.ElementCount; i++)
        {
            Separate(writer, i);
            if (tensor.DType == DType.Float32)
                JsonScalarWriter.WriteDouble(writer, tensor.As<float>()[i]);
            else
                JsonTensorWriter.WriteNested(writer, new Tensor(tensor.DType, [], tensor.Data + (nint)((long)i * size), null));
        }
    }

    private static void Separate(PooledBufferWriter writer, int index)
    {
        if (index > 0)
            writer.Write(", "u8);
    }
}
