using Granary.Torch;

namespace Granary.Serving.Json;

/// <summary>
/// Writes any value as Python's <c>json.dumps(value, indent=2)</c> prints it: an element a line, floats widened to binary64, text in
/// ASCII with <c>\uXXXX</c>. Tensors are nested lists, as <c>tolist()</c> makes them; named tuples and dictionaries are objects.
/// </summary>
public static class PythonJsonWriter
{
    private const int MaxDepth = 256;

    /// <summary>Writes a value, without a line end behind it.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.Unsupported"/>: JSON has no such value, or it is nested too deeply.</exception>
    public static void Write(PooledBufferWriter writer, Value value) => Write(writer, value, 0);

    private static void Write(PooledBufferWriter writer, Value value, int depth)
    {
        if (depth > MaxDepth)
            throw new ServingException(ServingError.Unsupported, $"The model returned a value that is nested more than {MaxDepth} levels deep");
        switch (value)
        {
            case Tensor tensor:
                WriteTensor(writer, tensor, 0, 0, depth);
                break;
            case StringValue text:
                WriteText(writer, text.Text);
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
                WriteItems(writer, '[', ']', list.Items.Count, depth, i => Write(writer, list.Items[i], depth + 1));
                break;
            case TupleValue { Names: { } names } tuple:
                WriteItems(writer, '{', '}', names.Count, depth, i => WriteMember(writer, names[i], tuple.Items[i], depth + 1));
                break;
            case TupleValue tuple:
                WriteItems(writer, '[', ']', tuple.Items.Count, depth, i => Write(writer, tuple.Items[i], depth + 1));
                break;
            case DictValue dictionary:
                WriteItems(writer, '{', '}', dictionary.Entries.Count, depth, i => WriteMember(writer, JsonValueWriter.KeyOf(dictionary.Entries[i].Key), dictionary.Entries[i].Value, depth + 1));
                break;
            default:
                throw new ServingException(ServingError.Unsupported, $"The model returned a {value.Kind}, which JSON cannot express");
        }
    }

    private static void WriteMember(PooledBufferWriter writer, string name, Value value, int depth)
    {
        WriteText(writer, name);
        writer.Write(": "u8);
        Write(writer, value, depth);
    }

    private static void WriteItems(PooledBufferWriter writer, char open, char close, int count, int depth, Action<int> write)
    {
        writer.WriteByte((byte)open);
        for (var i = 0; i < count; i++)
        {
            if (i > 0)
                writer.WriteByte((byte)',');
            BreakLine(writer, depth + 1);
            write(i);
        }

        if (count > 0)
            BreakLine(writer, depth);
        writer.WriteByte((byte)close);
    }

    // Returns the index behind the elements that were written.
    private static int WriteTensor(PooledBufferWriter writer, Tensor tensor, int dimension, int start, int depth)
    {
        if (dimension == tensor.Shape.Length)
        {
            WriteElement(writer, tensor, start);
            return start + 1;
        }

        writer.WriteByte((byte)'[');
        var size = tensor.Shape[dimension];
        for (long i = 0; i < size; i++)
        {
            if (i > 0)
                writer.WriteByte((byte)',');
            BreakLine(writer, depth + 1);
            start = WriteTensor(writer, tensor, dimension + 1, start, depth + 1);
        }

        if (size > 0)
            BreakLine(writer, depth);
        writer.WriteByte((byte)']');
        return start;
    }

    private static void WriteElement(PooledBufferWriter writer, Tensor tensor, int index)
    {
        switch (tensor.DType)
        {
            case DType.Float32:
                JsonScalarWriter.WriteDouble(writer, tensor.As<float>()[index]);
                break;
            case DType.Float16:
                JsonScalarWriter.WriteDouble(writer, (double)tensor.As<Half>()[index]);
                break;
            case DType.BFloat16:
                JsonScalarWriter.WriteDouble(writer, BitConverter.UInt32BitsToSingle((uint)tensor.As<ushort>()[index] << 16));
                break;
            default:
                ElementWriters.Write(writer, tensor, index, 1);
                break;
        }
    }

    private static void BreakLine(PooledBufferWriter writer, int depth)
    {
        var span = writer.GetSpan(1 + (2 * depth))[..(1 + (2 * depth))];
        span.Fill((byte)' ');
        span[0] = (byte)'\n';
        writer.Advance(span.Length);
    }

    private static void WriteText(PooledBufferWriter writer, string text)
    {
        if (System.Text.Ascii.IsValid(text) && !text.Contains('\x7f'))
        {
            JsonScalarWriter.WriteString(writer, text);
            return;
        }

        var start = 0;
        writer.WriteByte((byte)'"');
        for (var i = 0; i <= text.Length; i++)
        {
            if (i < text.Length && text[i] < '\x7f')
                continue;
            WriteRun(writer, text.AsSpan(start, i - start));
            if (i < text.Length)
                WriteEscape(writer, text[i]);
            start = i + 1;
        }

        writer.WriteByte((byte)'"');
    }

    // Escapes what JSON wants escaped, without the quotes around it.
    private static void WriteRun(PooledBufferWriter writer, ReadOnlySpan<char> run)
    {
        using var quoted = new PooledBufferWriter();
        JsonScalarWriter.WriteString(quoted, run);
        writer.Write(quoted.WrittenSpan[1..^1]);
    }

    private static void WriteEscape(PooledBufferWriter writer, char character)
    {
        if (character == '\x7f')
        {
            writer.WriteByte(0x7f);
            return;
        }

        writer.Write("\\u"u8);
        for (var shift = 12; shift >= 0; shift -= 4)
            writer.WriteByte((byte)"0123456789abcdef"[(character >> shift) & 15]);
    }
}
