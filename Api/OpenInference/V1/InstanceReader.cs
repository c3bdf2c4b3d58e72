using Granary.Api.Http;
using Granary.Serving;
using Granary.Serving.Formats.Triton.Repository;
using Granary.Serving.Json;
using Granary.Torch;

namespace Granary.Api.OpenInference.V1;

/// <summary>
/// Reads <c>{"instances": […]}</c>; <c>inputs</c> with a list means the same. Numbers or nested lists of them are one tensor, texts a
/// list of strings; objects are columns by name, or go as they are to a model with handlers. <c>inputs</c> with an object is whole
/// columns. Other properties are ignored.
/// Source: <see href="https://kserve.github.io/website/docs/concepts/architecture/data-plane/v1-protocol"/>.
/// </summary>
internal static class InstanceReader
{
    /// <summary>Reads a body.</summary>
    /// <param name="json">The whole body.</param>
    /// <param name="model">Says what the inputs are.</param>
    /// <returns>What the caller disposes.</returns>
    /// <exception cref="ServingException"><see cref="ServingError.InvalidArgument"/>: malformed, or not of the model's types.</exception>
    public static V1Request Read(ReadOnlySpan<byte> json, ServedModel model)
    {
        var cursor = new JsonCursor(json);
        V1Request? request = null;
        try
        {
            cursor.BeginObject();
            while (cursor.NextProperty(out var name))
            {
                if (name.Is("instances"u8) || name.Is("inputs"u8))
                {
                    // The last one counts, as in Python.
                    request?.Dispose();
                    request = null;
                    request = name.Is("inputs"u8) && cursor.PeekKind() == JsonKind.Object
                        ? new V1Request(ColumnReader.Read(ref cursor, model), IsColumnar: true)
                        : new V1Request(ReadInstances(ref cursor, model));
                }
                else
                {
                    cursor.SkipValue();
                }
            }

            cursor.End();
            return request ?? throw Invalid("the request has no \"instances\"; expected {\"instances\": […]}");
        }
        catch
        {
            request?.Dispose();
            throw;
        }
    }

    private static Argument[] ReadInstances(ref JsonCursor cursor, ServedModel model)
    {
        if (cursor.PeekKind() != JsonKind.Array)
            throw Invalid("\"instances\" is no list");
        var first = cursor.Fork(cursor.Position);
        first.BeginArray();
        if (!first.NextItem())
            throw Invalid("\"instances\" is empty");
        var inputs = model.Definition.Inputs;
        switch (first.PeekKind())
        {
            case JsonKind.Object when model.Definition.Handlers.Count == 0:
                return new InstanceColumns(model).Read(ref cursor);
            case JsonKind.Object or JsonKind.String:
                return [new Argument(null, new JsonValues(DType.Float32).ReadList(ref cursor))];
            case JsonKind.Null:
                throw Invalid("\"instances\" holds null");
            default:
                return [new Argument(null, JsonTensorReader.ReadNested(ref cursor, inputs.Count > 0 ? inputs[0].DType : DType.Float32))];
        }
    }

    /// <summary>What is wrong with a request.</summary>
    public static ServingException Invalid(string message) => new(ServingError.InvalidArgument, message);
}
