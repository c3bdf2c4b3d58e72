using System.Buffers.Binary;
using System.Numerics;
using System.Text;
using Granary.Torch;
using Orleans.Serialization.Buffers;

namespace Granary.Grains.Interfaces.Payloads;

/// <summary>
/// Reads what <see cref="ValueWriter"/> wrote. Every count is held against the bytes that are left, so a broken message cannot
/// make the reader allocate more than the message is long; depth is bounded.
/// </summary>
internal ref struct ValueReader(long length)
{
    private const int MaxDepth = 256;
    private long _left = length;

    public Value Read<TInput>(ref Reader<TInput> reader, int depth = 0)
    {
        if (depth > MaxDepth)
            throw new InvalidDataException($"a value is nested deeper than {MaxDepth}");
        var kind = (ValueKind)ReadByte(ref reader);
        return kind switch
        {
            ValueKind.None => NoneValue.Instance,
            ValueKind.Tensor => ReadTensor(ref reader),
            ValueKind.Int => new IntValue(ReadInt64(ref reader)),
            ValueKind.Double => new DoubleValue(ReadDouble(ref reader)),
            ValueKind.Complex => new ComplexValue(new Complex(ReadDouble(ref reader), ReadDouble(ref reader))),
            ValueKind.False => new BoolValue(false),
            ValueKind.True => new BoolValue(true),
            ValueKind.String => new StringValue(ReadText(ref reader)),
            ValueKind.List => new ListValue(ReadItems(ref reader, depth)),
            ValueKind.Tuple => new TupleValue(ReadItems(ref reader, depth)),
            ValueKind.NamedTuple => ReadNamedTuple(ref reader, depth),
            ValueKind.Dict => ReadDict(ref reader, depth),
            _ => throw new InvalidDataException($"unknown value kind {(byte)kind}"),
        };
    }

    private Tensor ReadTensor<TInput>(ref Reader<TInput> reader)
    {
        var dtype = (DType)ReadByte(ref reader);
        if (!DTypes.IsKnown(dtype))
            throw new InvalidDataException($"unknown dtype {(byte)dtype}");
        var shape = new long[ReadCount(ref reader)];
        for (var i = 0; i < shape.Length; i++)
            shape[i] = checked((long)ReadVarInt(ref reader));
        var bytes = checked(Tensor.CountElements(shape) * dtype.ElementSize());
        Take(bytes);
        var tensor = Tensor.Rent(dtype, shape);
        try
        {
            reader.ReadBytes(tensor.Bytes);
            return tensor;
        }
        catch
        {
            tensor.Dispose();
            throw;
        }
    }

    private Value[] ReadItems<TInput>(ref Reader<TInput> reader, int depth)
    {
        var items = new Value[ReadCount(ref reader)];
        for (var i = 0; i < items.Length; i++)
            items[i] = Read(ref reader, depth + 1);
        return items;
    }

    private TupleValue ReadNamedTuple<TInput>(ref Reader<TInput> reader, int depth)
    {
        var typeName = ReadText(ref reader);
        var items = ReadItems(ref reader, depth);
        var names = new string[items.Length];
        for (var i = 0; i < names.Length; i++)
            names[i] = ReadText(ref reader);
        return new TupleValue(items, typeName, names);
    }

    private DictValue ReadDict<TInput>(ref Reader<TInput> reader, int depth)
    {
        var entries = new KeyValuePair<Value, Value>[ReadCount(ref reader)];
        for (var i = 0; i < entries.Length; i++)
            entries[i] = new(Read(ref reader, depth + 1), Read(ref reader, depth + 1));
        return new DictValue(entries);
    }

    private string ReadText<TInput>(ref Reader<TInput> reader)
    {
        var bytes = new byte[ReadCount(ref reader)];
        Take(bytes.Length);
        reader.ReadBytes(bytes);
        return Encoding.UTF8.GetString(bytes);
    }

    private double ReadDouble<TInput>(ref Reader<TInput> reader) => BitConverter.Int64BitsToDouble(ReadInt64(ref reader));

    private long ReadInt64<TInput>(ref Reader<TInput> reader)
    {
        Take(8);
        Span<byte> bytes = stackalloc byte[8];
        reader.ReadBytes(bytes);
        return BinaryPrimitives.ReadInt64LittleEndian(bytes);
    }

    /// <summary>A count of things that take at least one byte each.</summary>
    private int ReadCount<TInput>(ref Reader<TInput> reader)
    {
        var count = ReadVarInt(ref reader);
        if (count > (ulong)_left)
            throw new InvalidDataException($"a count of {count} exceeds the {_left} bytes that are left");
        return (int)count;
    }

    private ulong ReadVarInt<TInput>(ref Reader<TInput> reader)
    {
        ulong number = 0;
        for (var shift = 0; shift < 64; shift += 7)
        {
            var part = ReadByte(ref reader);
            number |= (ulong)(part & 0x7f) << shift;
            if (part < 0x80)
                return number;
        }

        throw new InvalidDataException("a number is longer than ten bytes");
    }

    private byte ReadByte<TInput>(ref Reader<TInput> reader)
    {
        Take(1);
        return reader.ReadByte();
    }

    private void Take(long bytes)
    {
        if (bytes > _left)
            throw new InvalidDataException($"{bytes} bytes are wanted and {_left} are left");
        _left -= bytes;
    }
}
