using System.Text;
using Granary.Api.Http;
using Granary.Serving.Json;
using Granary.Torch;

namespace Granary.Api.TorchServe.Inference;

/// <summary>What a model answered, as TorchServe sends it: texts as they are, everything else as Python's indented JSON.</summary>
internal static class AnswerText
{
    private const string Text = "text/plain; charset=utf-8";

    /// <summary>Writes the value; returns its content type.</summary>
    public static string Write(PooledBufferWriter writer, Value value)
    {
        if (value is StringValue text)
        {
            writer.Write(Encoding.UTF8.GetBytes(text.Text));
            return Text;
        }

        PythonJsonWriter.Write(writer, value);
        return Responses.Json;
    }
}
