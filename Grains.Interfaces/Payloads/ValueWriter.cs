using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using Granary.Torch;
using Orleans.Serialization.Buffers;

namespace Granary.Grains.Interfaces.Payloads;

/// <summary>Writes a value into an Orleans message: kind byte, then counts as variable-length integers, numbers little-endian.</summary>
internal static class ValueWriter
{
    public static void Write<TBuffer>(ref Writer<TBuffer> writer, Value value)
        where TBuffer : IBufferWriter<byte>
    {
        switch (value)
        {
            case NoneValue:
                writer.WriteByte((byte)ValueKind.None);
                break;
            case Tensor tensor:
                WriteTensor(ref writer, tensor);
                break;
            case IntValue number:
                writer.WriteByte((byte)ValueKind.Int);
                WriteInt64(ref writer, number.Number);
                break;
            case DoubleValue number:
                writer.WriteByte((byte)ValueKind.Double);
                WriteInt64(ref writer, BitConverter.DoubleToInt64Bits(number.Number));
                break;
            case ComplexValue number:
                writer.WriteByte((byte)ValueKind.Complex);
                WriteInt64(ref writer, BitConverter.DoubleToInt64Bits(number.Number.Real));
                WriteInt64(ref writer, BitConverter.DoubleToInt64Bits(number.Number.Imaginary));
                break;
            case BoolValue truth:
                writer.WriteByte((byte)(truth.Truth ? ValueKind.True : ValueKind.False));
                break;
            case StringValue text:
                writer.WriteByte((byte)ValueKind.String);
                WriteText(ref writer, text.Text);
                break;
            default:
                WriteContainer(ref writer, value);
                break;
        }
    }

    private static void WriteContainer<TBuffer>(ref Writer<TBuffer> writer, Value value)
        where TBuffer : IBufferWriter<byte>
    {
        switch (value)
        {
            case ListValue list:
                writer.WriteByte((byte)ValueKind.List);
                WriteItems(ref writer, list.Items);
                break;
            case TupleValue { Names: { } names } tuple:
                writer.WriteByte((byte)ValueKind.NamedTuple);
                WriteText(ref writer, tuple.TypeName ?? "");
                WriteItems(ref writer, tuple.Items);
                for (var i = 0; i < names.Count; i++)
                    WriteText(ref writer, names[i]);
                break;
            case TupleValue tuple:
                writer.WriteByte((byte)ValueKind.Tuple);
                WriteItems(ref writer, tuple.Items);
                break;
            case DictValue dict:
                writer.WriteByte((byte)ValueKind.Dict);
                WriteVarInt(ref writer, (ulong)dict.Entries.Count);
                foreach (var (key, item) in dict.Entries)
                {
                    Write(ref writer, key);
                    Write(ref writer, item);
                }

                break;
            default:
                throw new InvalidOperationException($"a {value.Kind} cannot cross machines");
        }
    }

    private static void WriteTensor<TBuffer>(ref Writer<TBuffer> writer, Tensor tensor)
        where TBuffer : IBufferWriter<byte>
    {
        writer.WriteByte((byte)ValueKind.Tensor);
        writer.WriteByte((byte)tensor.DType);
        WriteVarInt(ref writer, (ulong)tensor.Shape.Length);
        foreach (var dimension in tensor.Shape)
            WriteVarInt(ref writer, (ulong)dimension);
        writer.Write(tensor.Bytes);
    }

    private static void WriteItems<TBuffer>(ref Writer<TBuffer> writer, IReadOnlyList<Value> items)
        where TBuffer : IBufferWriter<byte>
    {
        WriteVarInt(ref writer, (ulong)items.Count);
        for (var i = 0; i < items.Count; i++)
            Write(ref writer, items[i]);
    }

    private static void WriteText<TBuffer>(ref Writer<TBuffer> writer, string text)
        where TBuffer : IBufferWriter<byte>
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        WriteVarInt(ref writer, (ulong)bytes.Length);
        writer.Write(bytes);
    }

    private static void WriteInt64<TBuffer>(ref Writer<TBuffer> writer, long number)
        where TBuffer : IBufferWriter<byte>
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, number);
        writer.Write(bytes);
    }

    private static void WriteVarInt<TBuffer>(ref Writer<TBuffer> writer, ulong number)
        where TBuffer : IBufferWriter<byte>
    {
        while (number >= 0x80)
        {
            writer.WriteByte((byte)(number | 0x80));
            number >>= 7;
        }

        writer.WriteByte((byte)number);
    }
}
