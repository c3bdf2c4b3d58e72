using Granary.Serving;
using Granary.Serving.Formats.Triton.Repository;
using Granary.Serving.Json;
using Granary.Torch;

namespace Granary.Api.OpenInference.V1;

/// <summary>
/// Reads <c>{"inputs": {"name": value, …}}</c>: every value is a whole input, numbers or nested lists of them a tensor, a text or a list of
/// texts what it says. Source: TensorFlow Serving, <see href="https://www.tensorflow.org/tfx/serving/api_rest#specifying_input_tensors_in_column_format"/>.
/// </summary>
internal static class ColumnReader
{
    /// <summary>Reads the object.</summary>
    /// <returns>What the caller disposes.</returns>
    /// <exception cref="ServingException"><see cref="ServingError.InvalidArgument"/>: not of the model's types.</exception>
    public static Argument[] Read(ref JsonCursor cursor, ServedModel model)
    {
        if (model.Definition.Handlers.Count > 0)
            throw InstanceReader.Invalid($"\"inputs\" is an object, but model '{model.Definition.Name}' has handlers, which take a list of \"instances\" (docs/handlers.md)");
        var arguments = new List<Argument>();
        try
        {
            cursor.BeginObject();
            while (cursor.NextProperty(out var property))
            {
                var name = property.ToString();
                if (arguments.Exists(argument => argument.Name == name))
                    throw InstanceReader.Invalid($"\"inputs\" has two '{name}'");
                arguments.Add(new Argument(name, ReadColumn(ref cursor, name, model)));
            }
        }
        catch
        {
            arguments.ForEach(static argument => argument.Value.Dispose());
            throw;
        }

        return arguments.Count > 0 ? InstanceColumns.ToArguments(model, arguments) : throw InstanceReader.Invalid("\"inputs\" is empty");
    }

    private static Value ReadColumn(ref JsonCursor cursor, string name, ServedModel model)
    {
        switch (cursor.PeekKind())
        {
            case JsonKind.String:
                return new StringValue(cursor.ReadString());
            case JsonKind.Object:
                throw InstanceReader.Invalid($"'{name}' is an object; expected numbers, texts, or lists of them");
            case JsonKind.Array when HoldsText(cursor):
                return ReadTexts(ref cursor, name);
            default:
                return JsonTensorReader.ReadNested(ref cursor, InstanceColumns.DTypeOf(model, name));
        }
    }

    // A copy of the cursor: nothing is consumed.
    private static bool HoldsText(JsonCursor cursor)
    {
        cursor.BeginArray();
        return cursor.NextItem() && cursor.PeekKind() == JsonKind.String;
    }

    private static ListValue ReadTexts(ref JsonCursor cursor, string name)
    {
        var texts = new List<Value>();
        cursor.BeginArray();
        while (cursor.NextItem())
        {
            if (cursor.PeekKind() != JsonKind.String)
                throw InstanceReader.Invalid($"'{name}' begins with a text, but its entry {texts.Count + 1} is none");
            texts.Add(new StringValue(cursor.ReadString()));
        }

        return new ListValue(texts);
    }
}
