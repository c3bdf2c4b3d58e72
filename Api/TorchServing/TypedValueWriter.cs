using System.Text;
using Granary.Serving;
using Granary.Serving.Json;
using Granary.Torch;

namespace Granary.Api.TorchServing;

/// <summary>
/// Writes values in torch-serving's form: compact, keys in alphabetical order, floats as nlohmann's json prints them. Beyond it, whole
/// numbers and floats are exact, None is null, and dictionaries may have keys of any scalar type.
/// Source: lukedeo/torch-serving, <c>src/tensor_io.cpp</c>.
/// </summary>
internal static class TypedValueWriter
{
    /// <summary>Whether torch-serving leaves a result away: None and empty lists.</summary>
    public static bool IsEmpty(Value value) => value is NoneValue or ListValue { Items.Count: 0 } or TupleValue { Items.Count: 0 };

    /// <summary>Writes one value.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.Unsupported"/>: a dictionary with tensors as keys.</exception>
    public static void Write(PooledBufferWriter writer, Value value)
    {
        switch (value)
        {
            case Tensor tensor:
                WriteTensor(writer, tensor);
                break;
            case StringValue text:
                writer.Write("{\"type\":\"string\",\"value\":"u8);
                JsonScalarWriter.WriteString(writer, text.Text);
                writer.WriteByte((byte)'}');
                break;
            case ListValue list:
                WriteItems(writer, list.Items);
                break;
            case TupleValue tuple:
                WriteItems(writer, tuple.Items);
                break;
            case DictValue dictionary:
                WriteDictionary(writer, dictionary);
                break;
            case NoneValue:
                writer.Write("null"u8);
                break;
            default:
                WriteScalar(writer, value);
                break;
        }
    }

    private static void WriteTensor(PooledBufferWriter writer, Tensor tensor)
    {
        writer.Write("{\"data_type\":\""u8);
        var name = tensor.DType.TorchName();
        writer.Advance(Encoding.ASCII.GetBytes(name, writer.GetSpan(name.Length)));
        writer.Write("\",\"shape\":"u8);
        JsonTensorWriter.WriteShape(writer, tensor.Shape);
        writer.Write(",\"type\":\"tensor\",\"value\":"u8);
        JsonTensorWriter.WriteFlatAsNlohmann(writer, tensor);
        writer.WriteByte((byte)'}');
    }

    private static void WriteScalar(PooledBufferWriter writer, Value value)
    {
        switch (value)
        {
            case IntValue number:
                writer.Write("{\"data_type\":\"int64\",\"type\":\"scalar\",\"value\":"u8);
                JsonScalarWriter.WriteInt64(writer, number.Number);
                break;
            case DoubleValue number:
                writer.Write("{\"data_type\":\"float64\",\"type\":\"scalar\",\"value\":"u8);
                JsonScalarWriter.WriteDoubleAsNlohmann(writer, number.Number);
                break;
            case BoolValue truth:
                writer.Write("{\"data_type\":\"bool\",\"type\":\"scalar\",\"value\":"u8);
                JsonScalarWriter.WriteBoolean(writer, truth.Truth);
                break;
            case ComplexValue number:
                writer.Write("{\"data_type\":\"complex128\",\"type\":\"scalar\",\"value\":["u8);
                JsonScalarWriter.WriteDoubleAsNlohmann(writer, number.Number.Real);
                writer.WriteByte((byte)',');
                JsonScalarWriter.WriteDoubleAsNlohmann(writer, number.Number.Imaginary);
                writer.WriteByte((byte)']');
                break;
            default:
                throw new ServingException(ServingError.Unsupported, $"The model returned a {value.Kind}, which JSON cannot express");
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
            Write(writer, items[i]);
        }

        writer.WriteByte((byte)']');
    }

    private static void WriteDictionary(PooledBufferWriter writer, DictValue dictionary)
    {
        writer.Write("{\"type\":\"generic_dict\""u8);
        if (dictionary.Entries.Count > 0)
        {
            writer.Write(",\"value\":{"u8);
            WriteEntries(writer, dictionary);
            writer.WriteByte((byte)'}');
        }

        writer.WriteByte((byte)'}');
    }

    private static void WriteEntries(PooledBufferWriter writer, DictValue dictionary)
    {
        var entries = new (string Key, Value Value)[dictionary.Entries.Count];
        for (var i = 0; i < entries.Length; i++)
            entries[i] = (JsonValueWriter.KeyOf(dictionary.Entries[i].Key), dictionary.Entries[i].Value);
        if (entries.Length > 1)
            Array.Sort(entries, static (left, right) => CompareAsBytes(left.Key, right.Key));
        for (var i = 0; i < entries.Length; i++)
        {
            if (i > 0)
                writer.WriteByte((byte)',');
            JsonScalarWriter.WriteString(writer, entries[i].Key);
            writer.WriteByte((byte)':');
            Write(writer, entries[i].Value);
        }
    }

    // As std::map orders the UTF-8, which is the order of code points and not that of UTF-16.
    private static int CompareAsBytes(string left, string right) => Ascii.IsValid(left) && Ascii.IsValid(right)
        ? string.CompareOrdinal(left, right)
        : Encoding.UTF8.GetBytes(left).AsSpan().SequenceCompareTo(Encoding.UTF8.GetBytes(right));
}
