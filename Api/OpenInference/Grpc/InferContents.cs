using System.Runtime.InteropServices;
using Granary.Serving;
using Granary.Serving.Formats.Triton.Config;
using Granary.Serving.Formats.Triton.Naming;
using Granary.Torch;

namespace Granary.Api.OpenInference.Grpc;

/// <summary>
/// Elements of an input that come as numbers of the message instead of raw: exactly one field is filled, the one of the datatype.
/// Source: triton-inference-server/server, <c>src/grpc/infer_handler.h</c>, InferGRPCToInput.
/// </summary>
internal static class InferContents
{
    /// <summary>Reads <c>InferTensorContents</c> into a value of the input's shape.</summary>
    /// <param name="contents">The message.</param>
    /// <param name="name">The input.</param>
    /// <param name="model">The model.</param>
    /// <param name="datatype">The input's.</param>
    /// <param name="shape">The input's; already checked.</param>
    /// <exception cref="ServingException"><see cref="ServingError.InvalidArgument"/>: a wrong field, or not as many elements as the shape says.</exception>
    public static Value Read(ReadOnlyMemory<byte> contents, string name, string model, DataType datatype, long[] shape)
    {
        var expected = Tensor.CountElements(shape);
        // Every element has a byte at least, so a lie about the shape cannot rent much.
        if (expected > contents.Length)
        {
            Check(contents, name, model, datatype);
            throw WrongCount(name, model, expected, Count(contents));
        }

        if (datatype == DataType.String)
            return ReadTexts(contents, name, model, expected);
        var dtype = datatype.ToDType()!.Value;
        var tensor = Tensor.Rent(dtype, shape);
        try
        {
            var count = Fill(contents, name, model, datatype, tensor);
            return count == expected ? tensor : throw WrongCount(name, model, expected, count);
        }
        catch
        {
            tensor.Dispose();
            throw;
        }
    }

    private static long Fill(ReadOnlyMemory<byte> contents, string name, string model, DataType datatype, Tensor tensor)
    {
        var sink = new ElementSink(tensor);
        var reader = new ProtoReader(contents);
        while (reader.Next())
        {
            if (reader.Field is < 1 or > 8)
            {
                reader.Skip();
                continue;
            }

            var single = ElementWire(reader.Field);
            if (reader.Type == WireType.Bytes && reader.Field != 8)
            {
                var packed = reader.ReadBytes();
                if (packed.IsEmpty)
                    continue;
                CheckField(reader.Field, name, model, datatype);
                sink.AddPacked(packed, single);
            }
            else if (reader.Type == single)
            {
                CheckField(reader.Field, name, model, datatype);
                sink.Add(ref reader, single);
            }
            else
            {
                reader.Skip();
            }
        }

        return sink.Count;
    }

    private static ListValue ReadTexts(ReadOnlyMemory<byte> contents, string name, string model, long expected)
    {
        var items = new List<Value>((int)expected);
        var texts = new ListValue(items);
        try
        {
            AddTexts(items, contents, name, model);
            return items.Count == expected ? texts : throw WrongCount(name, model, expected, items.Count);
        }
        catch
        {
            texts.Dispose();
            throw;
        }
    }

    private static void AddTexts(List<Value> items, ReadOnlyMemory<byte> contents, string name, string model)
    {
        var reader = new ProtoReader(contents);
        while (reader.Next())
        {
            if (reader.Is(8, WireType.Bytes))
            {
                items.Add(BytesElements.Element(reader.ReadBytes().Span));
                continue;
            }

            if (reader.Field is >= 1 and < 8)
                CheckField(reader.Field, name, model, DataType.String);
            reader.Skip();
        }
    }

    // Only to say what is wrong with a message that is too short anyway.
    private static void Check(ReadOnlyMemory<byte> contents, string name, string model, DataType datatype)
    {
        var reader = new ProtoReader(contents);
        while (reader.Next())
        {
            if (reader.Field is >= 1 and <= 8)
                CheckField(reader.Field, name, model, datatype);
            reader.Skip();
        }
    }

    private static long Count(ReadOnlyMemory<byte> contents)
    {
        long count = 0;
        var reader = new ProtoReader(contents);
        while (reader.Next())
        {
            var single = reader.Field is >= 1 and <= 8 ? ElementWire(reader.Field) : WireType.EndGroup;
            if (reader.Type == WireType.Bytes && reader.Field is >= 1 and < 8)
                count += CountPacked(reader.ReadBytes().Span, single);
            else
            {
                count += reader.Type == single ? 1 : 0;
                reader.Skip();
            }
        }

        return count;
    }

    private static int CountPacked(ReadOnlySpan<byte> packed, WireType element)
    {
        if (element != WireType.Varint)
            return packed.Length / (element == WireType.Fixed32 ? sizeof(uint) : sizeof(ulong));
        var count = 0;
        foreach (var part in packed)
            count += part < 0x80 ? 1 : 0;
        return count;
    }

    private static void CheckField(int field, string name, string model, DataType datatype)
    {
        var fits = field switch
        {
            1 => datatype == DataType.Bool,
            2 => datatype is DataType.Int8 or DataType.Int16 or DataType.Int32,
            3 => datatype == DataType.Int64,
            4 => datatype is DataType.Uint8 or DataType.Uint16 or DataType.Uint32,
            5 => datatype == DataType.Uint64,
            6 => datatype == DataType.Fp32,
            7 => datatype == DataType.Fp64,
            _ => datatype == DataType.String,
        };
        if (!fits)
            throw V2Errors.Invalid($"unexpected explicit tensor data for input tensor '{name}' for model '{model}' of type '{TypeOf(field)}', expected datatype '{datatype.WireName()}'");
    }

    private static string TypeOf(int field) => field switch
    {
        1 => "BOOL",
        2 => "INT32",
        3 => "INT64",
        4 => "UINT32",
        5 => "UINT64",
        6 => "FP32",
        7 => "FP64",
        _ => "BYTES",
    };

    private static WireType ElementWire(int field) => field switch
    {
        6 => WireType.Fixed32,
        7 => WireType.Fixed64,
        8 => WireType.Bytes,
        _ => WireType.Varint,
    };

    private static ServingException WrongCount(string name, string model, long expected, long actual) =>
        V2Errors.Invalid($"unexpected number of elements in the contents of input '{name}' for model '{model}'. Expected {expected}, got {actual}");

    /// <summary>Puts elements into a tensor one behind the other; counts those that have no room too.</summary>
    private ref struct ElementSink(Tensor tensor)
    {
        private readonly Span<byte> _room = tensor.Bytes;
        private readonly int _size = tensor.DType.ElementSize();
        private readonly bool _isBool = tensor.DType == DType.Bool;

        public long Count { get; private set; }

        public void AddPacked(ReadOnlyMemory<byte> packed, WireType element)
        {
            if (element == WireType.Varint)
            {
                var reader = new ProtoReader(packed);
                while (!reader.IsAtEnd)
                    Put(reader.ReadVarint());
                return;
            }

            if (packed.Length % _size != 0)
                throw ProtoReader.Malformed($"{packed.Length} bytes of packed numbers are no multiple of {_size}");
            var at = Count * _size;
            if (at + packed.Length <= _room.Length)
                packed.Span.CopyTo(_room[(int)at..]);
            Count += packed.Length / _size;
        }

        public void Add(ref ProtoReader reader, WireType element) => Put(element switch
        {
            WireType.Fixed32 => reader.ReadFixed32(),
            WireType.Fixed64 => reader.ReadFixed64(),
            _ => reader.ReadVarint(),
        });

        // Triton keeps the low bytes of numbers that do not fit, and so does this.
        private void Put(ulong value)
        {
            var at = Count++ * _size;
            if (at + _size > _room.Length)
                return;
            if (_isBool)
                value = value != 0 ? 1UL : 0;
            MemoryMarshal.AsBytes(new ReadOnlySpan<ulong>(in value))[.._size].CopyTo(_room[(int)at..]);
        }
    }
}
