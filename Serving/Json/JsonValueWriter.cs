using System.Globalization;
using Granary.Torch;

namespace Granary.Serving.Json;

/// <summary>Writes any value as plain JSON: tensors as nested lists, tuples as lists, named tuples and dictionaries as objects.</summary>
public static class JsonValueWriter
{
    /// <summary>Writes one value.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.Unsupported"/>: JSON has no such value.</exception>
    public static void Write(PooledBufferWriter writer, Value value)
    {
        switch (value)
        {
            case Tensor tensor:
                JsonTensorWriter.WriteNested(writer, tensor);
                break;
            case StringValue text:
                JsonScalarWriter.WriteString(writer, text.Text);
                break;
            case IntValue number:
                JsonScalarWriter.WriteInt64(writer, number.Number);
                break;
            case DoubleValue number:
                JsonScalarWriter.WriteDouble(writer, number.Number);
                break;
            case BoolValue truth:
                JsonScalarWriter.WriteBoolean(writer, truth.Truth);
                break;
            case NoneValue:
                writer.Write("null"u8);
                break;
            case ListValue list:
                WriteList(writer, list.Items);
                break;
            case TupleValue { Names: { } names } tuple:
                WriteObject(writer, names, tuple.Items);
                break;
            case TupleValue tuple:
                WriteList(writer, tuple.Items);
                break;
            case DictValue dictionary:
                WriteObject(writer, [.. dictionary.Entries.Select(static entry => KeyOf(entry.Key))], [.. dictionary.Entries.Select(static entry => entry.Value)]);
                break;
            default:
                throw Unwritable(value);
        }
    }

    /// <summary>The text of a dictionary's key, as Python's json prints it: <c>1</c>, <c>0.5</c>, <c>true</c>.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.Unsupported"/>: a tensor or a complex number.</exception>
    public static string KeyOf(Value key) => key switch
    {
        StringValue text => text.Text,
        IntValue number => number.Number.ToString(CultureInfo.InvariantCulture),
        DoubleValue number => TextOf(number.Number),
        BoolValue truth => truth.Truth ? "true" : "false",
        _ => throw new ServingException(ServingError.Unsupported, $"The model returned a dictionary with a key of type {key.Kind}; JSON has text keys only"),
    };

    /// <summary>Writes an object.</summary>
    /// <param name="writer">Where to.</param>
    /// <param name="names">Its properties.</param>
    /// <param name="values">As many values.</param>
    public static void WriteObject(PooledBufferWriter writer, IReadOnlyList<string> names, IReadOnlyList<Value> values)
    {
        writer.WriteByte((byte)'{');
        for (var i = 0; i < values.Count; i++)
        {
            if (i > 0)
                writer.WriteByte((byte)',');
            JsonScalarWriter.WriteString(writer, names[i]);
            writer.WriteByte((byte)':');
            Write(writer, values[i]);
        }

        writer.WriteByte((byte)'}');
    }

    private static void WriteList(PooledBufferWriter writer, IReadOnlyList<Value> items)
    {
        writer.WriteByte((byte)'[');
        for (var i = 0; i < items.Count; i++)
        {
            if (i > 0)
                writer.WriteByte((byte)',');
            Write(writer, items[i]);
        }

        writer.WriteByte((byte)']');
    }

    private static string TextOf(double number)
    {
        Span<byte> text = stackalloc byte[IElementText<double>.MaxBytes];
        return System.Text.Encoding.ASCII.GetString(text[..FloatText.Write(number, text)]);
    }

    private static ServingException Unwritable(Value value) => new(ServingError.Unsupported, $"The model returned a {value.Kind}, which JSON cannot express");
}
