namespace Granary.Serving.Json;

public ref partial struct JsonCursor
{
    /// <summary>Reads a string without unescaping it.</summary>
    public JsonString ReadText()
    {
        SkipWhiteSpace();
        var start = _position;
        if (!TryConsume((byte)'"'))
            ThrowExpected("a string");
        var end = JsonEscapes.FindEnd(_json, _position, out var escaped);
        _position = end + 1;
        return new JsonString(_json[(start + 1)..end], start, escaped);
    }

    /// <summary>Reads a string.</summary>
    public string ReadString() => ReadText().ToString();

    /// <summary>Reads true or false.</summary>
    public bool ReadBoolean()
    {
        var kind = PeekKind();
        if (kind is not (JsonKind.True or JsonKind.False))
            ThrowExpected("true or false");
        ReadLiteral(kind);
        return kind == JsonKind.True;
    }

    /// <summary>Reads null, if it is what comes next.</summary>
    public bool TryReadNull()
    {
        if (PeekKind() != JsonKind.Null)
            return false;
        ReadLiteral(JsonKind.Null);
        return true;
    }

    /// <summary>Reads a whole number of 64 bits; <c>3.0</c> and <c>3e2</c> are whole, <c>3.5</c> is not.</summary>
    public long ReadInt64()
    {
        var start = BeginNumber("a whole number");
        if (!JsonNumber.TryParseInt64(_json, ref _position, out var value))
            ElementErrors.Throw(_json, start, Torch.DType.Int64);
        return value;
    }

    /// <summary>Reads a whole number of 32 bits.</summary>
    public int ReadInt32()
    {
        SkipWhiteSpace();
        var start = _position;
        var value = ReadInt64();
        if (value != (int)value)
            ElementErrors.Throw(_json, start, Torch.DType.Int32);
        return (int)value;
    }

    /// <summary>Reads a number as binary64, correctly rounded; NaN, Infinity and -Infinity are numbers here.</summary>
    public double ReadDouble()
    {
        var start = BeginNumber("a number");
        if (!JsonNumber.TryParseDouble(_json, ref _position, out var value))
            ElementErrors.Throw(_json, start, Torch.DType.Float64);
        return value;
    }

    /// <summary>Skips a value and hands out its text.</summary>
    public ReadOnlySpan<byte> ReadRaw()
    {
        SkipWhiteSpace();
        var start = _position;
        SkipValue();
        return _json[start.._position];
    }

    private int BeginNumber(string what)
    {
        if (PeekKind() != JsonKind.Number)
            ThrowExpected(what);
        _first = false;
        return _position;
    }

    private void ReadLiteral(JsonKind kind)
    {
        var literal = kind switch
        {
            JsonKind.True => "true"u8,
            JsonKind.False => "false"u8,
            _ => "null"u8,
        };
        if (!_json[_position..].StartsWith(literal))
            JsonErrors.ThrowMalformed(_position, $"expected {Describe(kind)}");
        _position += literal.Length;
        _first = false;
    }
}
