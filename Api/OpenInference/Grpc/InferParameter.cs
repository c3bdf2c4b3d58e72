namespace Granary.Api.OpenInference.Grpc;

/// <summary>Which member of the choice a parameter is.</summary>
internal enum InferParameterKind
{
    None,
    Bool,
    Int64,
    String,
    Double,
    UInt64,
}

/// <summary>A value of a parameter map, <c>inference.InferParameter</c>.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Bits">The value, unless it is a text.</param>
/// <param name="Text">The text.</param>
internal readonly record struct InferParameter(InferParameterKind Kind, ulong Bits = 0, string? Text = null)
{
    /// <summary>Whether it says nothing: no value, false, 0 or an empty text.</summary>
    public bool IsNothing => Kind == InferParameterKind.String ? Text!.Length == 0 : Bits == 0;

    /// <summary>Reads the message.</summary>
    public static InferParameter Read(ReadOnlyMemory<byte> message)
    {
        var value = default(InferParameter);
        var reader = new ProtoReader(message);
        while (reader.Next())
        {
            if (reader.Is(1, WireType.Varint))
                value = new InferParameter(InferParameterKind.Bool, reader.ReadVarint() != 0 ? 1UL : 0);
            else if (reader.Is(2, WireType.Varint))
                value = new InferParameter(InferParameterKind.Int64, reader.ReadVarint());
            else if (reader.Is(3, WireType.Bytes))
                value = new InferParameter(InferParameterKind.String, 0, reader.ReadString());
            else if (reader.Is(4, WireType.Fixed64))
                value = new InferParameter(InferParameterKind.Double, reader.ReadFixed64());
            else if (reader.Is(5, WireType.Varint))
                value = new InferParameter(InferParameterKind.UInt64, reader.ReadVarint());
            else
                reader.Skip();
        }

        return value;
    }

    /// <summary>Reads an entry of a map; a key that comes again replaces the earlier one.</summary>
    public static void ReadEntry(ReadOnlyMemory<byte> entry, ref Dictionary<string, InferParameter>? into)
    {
        var key = "";
        var value = ReadOnlyMemory<byte>.Empty;
        var reader = new ProtoReader(entry);
        while (reader.Next())
        {
            if (reader.Is(1, WireType.Bytes))
                key = reader.ReadString();
            else if (reader.Is(2, WireType.Bytes))
                value = ProtoMerge.Join(value, reader.ReadBytes());
            else
                reader.Skip();
        }

        into ??= new Dictionary<string, InferParameter>(StringComparer.Ordinal);
        into[key] = Read(value);
    }
}

/// <summary>A message field that comes twice is one message: the fields of both, one behind the other.</summary>
internal static class ProtoMerge
{
    /// <summary>Both pieces; copies only when there really are two.</summary>
    public static ReadOnlyMemory<byte> Join(ReadOnlyMemory<byte> first, ReadOnlyMemory<byte> second)
    {
        if (first.IsEmpty)
            return second;
        var joined = new byte[checked(first.Length + second.Length)];
        first.CopyTo(joined);
        second.CopyTo(joined.AsMemory(first.Length));
        return joined;
    }
}
