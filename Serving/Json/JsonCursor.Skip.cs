namespace Granary.Serving.Json;

public ref partial struct JsonCursor
{
    /// <summary>Skips one value of any kind, checking that all of it is well-formed.</summary>
    public unsafe void SkipValue()
    {
        fixed (byte* begin = _json)
        {
            var end = begin + _json.Length;
            var p = begin + _position;
            // One bit a level, the lowest for the innermost: an object or a list.
            UInt128 objects = 0;
            var level = 0;
            do
            {
                p = SkipScalarOrOpen(begin, p, end, ref objects, ref level, out var opened);
                if (!opened)
                    p = SkipToNextValue(begin, p, end, ref objects, ref level);
            }
            while (level > 0);
            _position = (int)(p - begin);
            _first = false;
        }
    }

    // Consumes a string, number, literal or empty list or object, or the bracket of one that has something in it.
    private readonly unsafe byte* SkipScalarOrOpen(byte* begin, byte* p, byte* end, ref UInt128 objects, ref int level, out bool opened)
    {
        p = JsonText.SkipWhiteSpace(p, end);
        opened = false;
        var first = p < end ? *p : (byte)0;
        switch (first)
        {
            case (byte)'"':
                return begin + JsonEscapes.FindEnd(_json, (int)(p - begin) + 1, out _) + 1;
            case (byte)'{' or (byte)'[':
                if (_depth + level == MaxDepth)
                    JsonErrors.ThrowMalformed((int)(p - begin), $"nested more than {MaxDepth} levels deep");
                var next = JsonText.SkipWhiteSpace(p + 1, end);
                // Closing brackets stand two after their opening ones in ASCII.
                if (next < end && *next == first + 2)
                    return next + 1;
                opened = true;
                level++;
                objects = (objects << 1) | (first == '{' ? 1u : 0);
                return first == '{' ? SkipName(begin, next, end) : next;
            case (byte)'t':
                return SkipLiteral(begin, p, "true"u8);
            case (byte)'f':
                return SkipLiteral(begin, p, "false"u8);
            case (byte)'n':
                return SkipLiteral(begin, p, "null"u8);
            case (byte)'-' or (byte)'N' or (byte)'I' or (>= (byte)'0' and <= (byte)'9'):
                var inList = level > 0 && (objects & 1) == 0;
                var after = inList ? JsonText.SkipNumbers(p, end) : JsonText.SkipNumber(p, end);
                if (after == null)
                    JsonErrors.ThrowMalformed((int)(p - begin), ElementErrors.DescribeMalformed(_json[(int)(p - begin)..]));
                return after;
            default:
                JsonErrors.ThrowMalformed((int)(p - begin), $"expected a value, found {JsonErrors.Found(_json, (int)(p - begin))}");
                return null;
        }
    }

    // Behind a value: closes what closes here and stops before the next value, or behind the outermost one.
    private readonly unsafe byte* SkipToNextValue(byte* begin, byte* p, byte* end, ref UInt128 objects, ref int level)
    {
        while (level > 0)
        {
            p = JsonText.SkipWhiteSpace(p, end);
            var inObject = (objects & 1) != 0;
            if (p < end && *p == ',')
                return inObject ? SkipName(begin, p + 1, end) : p + 1;
            var closing = (byte)(inObject ? '}' : ']');
            if (p >= end || *p != closing)
                JsonErrors.ThrowMalformed((int)(p - begin), $"expected ',' or '{(char)closing}', found {JsonErrors.Found(_json, (int)(p - begin))}");
            p++;
            level--;
            objects >>= 1;
        }

        return p;
    }

    private readonly unsafe byte* SkipName(byte* begin, byte* p, byte* end)
    {
        p = JsonText.SkipWhiteSpace(p, end);
        if (p >= end || *p != '"')
            JsonErrors.ThrowMalformed((int)(p - begin), $"expected a property name, found {JsonErrors.Found(_json, (int)(p - begin))}");
        p = begin + JsonEscapes.FindEnd(_json, (int)(p - begin) + 1, out _) + 1;
        p = JsonText.SkipWhiteSpace(p, end);
        if (p >= end || *p != ':')
            JsonErrors.ThrowMalformed((int)(p - begin), $"expected ':' after a property name, found {JsonErrors.Found(_json, (int)(p - begin))}");
        return p + 1;
    }

    private readonly unsafe byte* SkipLiteral(byte* begin, byte* p, ReadOnlySpan<byte> literal)
    {
        if (!_json[(int)(p - begin)..].StartsWith(literal))
            JsonErrors.ThrowMalformed((int)(p - begin), "expected true, false or null");
        return p + literal.Length;
    }
}
