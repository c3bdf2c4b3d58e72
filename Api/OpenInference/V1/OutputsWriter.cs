using Granary.Serving.Formats.Triton.Repository;
using Granary.Serving.Json;
using Granary.Torch;

namespace Granary.Api.OpenInference.V1;

/// <summary>
/// <c>{"outputs": …}</c>, the answer to columns: a model's one output as it is, several as an object by their names.
/// Source: TensorFlow Serving, <see href="https://www.tensorflow.org/tfx/serving/api_rest#response_format_4"/>.
/// </summary>
internal sealed class OutputsWriter : IReplyWriter
{
    /// <inheritdoc/>
    public void Write(PooledBufferWriter writer, ServedModel model, Value result)
    {
        writer.Write("{\"outputs\":"u8);
        if (result is TupleValue or DictValue && NamedOutputs.Of(model, result) is { Values.Count: not 1 } several)
            JsonValueWriter.WriteObject(writer, several.Names, several.Values);
        else
            JsonValueWriter.Write(writer, result is TupleValue or DictValue ? NamedOutputs.Of(model, result).Values[0] : result);
        writer.WriteByte((byte)'}');
    }
}
