using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Text;
using Granary.Api.Grpc;

namespace Granary.Api.OpenInference.Grpc;

/// <summary>How a field is written. Source: https://protobuf.dev/programming-guides/encoding.</summary>
internal enum WireType
{
    Varint = 0,
    Fixed64 = 1,
    Bytes = 2,
    StartGroup = 3,
    EndGroup = 4,
    Fixed32 = 5,
}

/// <summary>
/// Reads protobuf where it lies: blocks of bytes come out as pieces of the message itself. The generated classes would copy
/// every tensor once more than needed. Fields that nobody asks for are skipped, as protobuf wants it.
/// </summary>
internal ref struct ProtoReader(ReadOnlyMemory<byte> message)
{
    private const int MaxGroups = 100;
    private const int MaxVarintBits = 70;

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly ReadOnlyMemory<byte> _memory = message;
    private readonly ReadOnlySpan<byte> _bytes = message.Span;
    private int _at;

    /// <summary>Number of the field that was begun.</summary>
    public int Field { get; private set; }

    /// <summary>How it is written.</summary>
    public WireType Type { get; private set; }

    /// <summary>Whether everything was read.</summary>
    public readonly bool IsAtEnd => _at == _bytes.Length;

    /// <summary>Begins the next field; false at the end of the message.</summary>
    public bool Next()
    {
        if (_at == _bytes.Length)
            return false;
        var tag = ReadVarint();
        if (tag is > uint.MaxValue or < 8)
            throw Malformed($"a tag is {tag}");
        Field = (int)(tag >> 3);
        Type = (WireType)(tag & 7);
        return true;
    }

    /// <summary>Whether the field is this one, written this way; a field written otherwise is one that nobody knows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly bool Is(int field, WireType type) => Field == field && Type == type;

    /// <summary>Reads a number.</summary>
    public ulong ReadVarint()
    {
        if (_at < _bytes.Length && _bytes[_at] < 0x80)
            return _bytes[_at++];
        ulong value = 0;
        for (var shift = 0; shift < MaxVarintBits; shift += 7)
        {
            if (_at == _bytes.Length)
                throw CutOff();
            var part = _bytes[_at++];
            value |= (ulong)(part & 0x7F) << shift;
            if (part < 0x80)
                return value;
        }

        throw Malformed("a number has more than ten bytes");
    }

    /// <summary>Reads four bytes.</summary>
    public uint ReadFixed32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(sizeof(uint)));

    /// <summary>Reads eight bytes.</summary>
    public ulong ReadFixed64() => BinaryPrimitives.ReadUInt64LittleEndian(Take(sizeof(ulong)));

    /// <summary>Reads a block: a piece of the message.</summary>
    public ReadOnlyMemory<byte> ReadBytes()
    {
        var length = ReadLength();
        var start = _at;
        _at += length;
        return _memory.Slice(start, length);
    }

    /// <summary>Reads a text.</summary>
    public string ReadString()
    {
        var text = Take(ReadLength());
        try
        {
            return text.IsEmpty ? "" : Strict.GetString(text);
        }
        catch (DecoderFallbackException)
        {
            throw Malformed("a text is not UTF-8");
        }
    }

    /// <summary>Leaves the field out.</summary>
    public void Skip()
    {
        switch (Type)
        {
            case WireType.Varint: ReadVarint(); break;
            case WireType.Fixed64: Take(sizeof(ulong)); break;
            case WireType.Bytes: Take(ReadLength()); break;
            case WireType.StartGroup: SkipGroup(); break;
            case WireType.Fixed32: Take(sizeof(uint)); break;
            default: throw Malformed($"field {Field} has the wire type {(int)Type}");
        }
    }

    /// <summary>Tells what is wrong with a message.</summary>
    public static GrpcException Malformed(string what) => new(GrpcStatus.Internal, $"The request message cannot be parsed: {what}");

    private void SkipGroup()
    {
        Span<int> open = stackalloc int[MaxGroups];
        var depth = 0;
        open[depth++] = Field;
        while (depth > 0)
        {
            if (!Next())
                throw CutOff();
            if (Type == WireType.EndGroup)
            {
                if (open[--depth] != Field)
                    throw Malformed($"group {open[depth]} ends as {Field}");
            }
            else if (Type != WireType.StartGroup)
            {
                Skip();
            }
            else if (depth < MaxGroups)
            {
                open[depth++] = Field;
            }
            else
            {
                throw Malformed($"groups are nested deeper than {MaxGroups}");
            }
        }
    }

    private int ReadLength()
    {
        var length = ReadVarint();
        return length <= (ulong)(_bytes.Length - _at) ? (int)length : throw CutOff();
    }

    private ReadOnlySpan<byte> Take(int length)
    {
        if (length > _bytes.Length - _at)
            throw CutOff();
        var taken = _bytes.Slice(_at, length);
        _at += length;
        return taken;
    }

    private static GrpcException CutOff() => Malformed("it ends inside a field");
}
