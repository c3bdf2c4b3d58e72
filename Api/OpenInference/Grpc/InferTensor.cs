namespace Granary.Api.OpenInference.Grpc;

/// <summary>An input, <c>InferInputTensor</c>.</summary>
internal readonly record struct InferTensor
{
    private const int UsualRank = 4;

    /// <summary>As the caller calls it.</summary>
    public string Name { get; private init; }

    /// <summary>Such as FP32.</summary>
    public string Datatype { get; private init; }

    /// <summary>Sizes, outermost first.</summary>
    public long[] Shape { get; private init; }

    /// <summary>Null for none.</summary>
    public IReadOnlyDictionary<string, InferParameter>? Parameters { get; private init; }

    /// <summary>The message <c>InferTensorContents</c>; null when the input has none.</summary>
    public ReadOnlyMemory<byte>? Contents { get; private init; }

    /// <summary>Reads the message.</summary>
    public static InferTensor Read(ReadOnlyMemory<byte> message)
    {
        var name = "";
        var datatype = "";
        var shape = new ShapeBuilder(stackalloc long[UsualRank]);
        Dictionary<string, InferParameter>? parameters = null;
        ReadOnlyMemory<byte>? contents = null;
        var reader = new ProtoReader(message);
        while (reader.Next())
        {
            if (reader.Is(1, WireType.Bytes))
                name = reader.ReadString();
            else if (reader.Is(2, WireType.Bytes))
                datatype = ReadDatatype(ref reader);
            else if (reader.Is(3, WireType.Bytes))
                shape.AddPacked(reader.ReadBytes());
            else if (reader.Is(3, WireType.Varint))
                shape.Add((long)reader.ReadVarint());
            else if (reader.Is(4, WireType.Bytes))
                InferParameter.ReadEntry(reader.ReadBytes(), ref parameters);
            else if (reader.Is(5, WireType.Bytes))
                contents = ProtoMerge.Join(contents ?? default, reader.ReadBytes());
            else
                reader.Skip();
        }

        return new InferTensor { Name = name, Datatype = datatype, Shape = shape.ToArray(), Parameters = parameters, Contents = contents };
    }

    // Nearly always one of these; a new string each time would be garbage.
    private static string ReadDatatype(ref ProtoReader reader)
    {
        var fork = reader;
        var bytes = fork.ReadBytes().Span;
        var known = bytes.SequenceEqual("FP32"u8) ? "FP32"
            : bytes.SequenceEqual("INT64"u8) ? "INT64"
            : bytes.SequenceEqual("INT32"u8) ? "INT32"
            : bytes.SequenceEqual("FP64"u8) ? "FP64"
            : null;
        if (known is null)
            return reader.ReadString();
        reader = fork;
        return known;
    }

    private ref struct ShapeBuilder(Span<long> sizes)
    {
        private Span<long> _sizes = sizes;
        private int _count;

        public void Add(long size)
        {
            if (_count == _sizes.Length)
            {
                var larger = new long[_sizes.Length * 2];
                _sizes.CopyTo(larger);
                _sizes = larger;
            }

            _sizes[_count++] = size;
        }

        public void AddPacked(ReadOnlyMemory<byte> packed)
        {
            var reader = new ProtoReader(packed);
            while (!reader.IsAtEnd)
                Add((long)reader.ReadVarint());
        }

        public readonly long[] ToArray() => _sizes[.._count].ToArray();
    }
}
