using System.Runtime.CompilerServices;

namespace Granary.Serving.Json;

/// <summary>
/// Walks JSON text (UTF-8, RFC 8259, plus Python's NaN, Infinity and -Infinity) without copying or allocating.
/// <code>
/// cursor.BeginObject();
/// while (cursor.NextProperty(out var name))
/// {
///     if (name.Is("dtype"u8)) dtype = cursor.ReadString();
///     else if (name.Is("values"u8)) { values = cursor.Position; cursor.SkipValue(); }   // come back with Position = values
///     else cursor.SkipValue();
/// }
/// cursor.End();
/// </code>
/// Every method skips white space first. Each value must be read or skipped before the next property or item is asked for.
/// A name that appears twice is reported twice: a caller that assigns lets the last win, as Python does.
/// All methods throw a <see cref="ServingException"/> with InvalidArgument and the byte position on malformed text.
/// </summary>
public ref partial struct JsonCursor
{
    /// <summary>How deep objects and lists may nest.</summary>
    public const int MaxDepth = 100;

    private readonly ReadOnlySpan<byte> _json;
    private int _position;
    private int _depth;
    private bool _first;

    /// <summary>Starts at the first byte of a whole JSON text.</summary>
    public JsonCursor(ReadOnlySpan<byte> json)
    {
        _json = json;
    }

    /// <summary>The whole text.</summary>
    public readonly ReadOnlySpan<byte> Json => _json;

    /// <summary>
    /// Where the next read starts, in bytes. May be set to a position remembered at the start of a value, to read that value
    /// again, and back.
    /// </summary>
    public int Position
    {
        readonly get => _position;
        set
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)value, (uint)_json.Length);
            _position = value;
            _first = false;
        }
    }

    /// <summary>A second cursor over the same text.</summary>
    public readonly JsonCursor Fork(int position)
    {
        var fork = this;
        fork.Position = position;
        return fork;
    }

    /// <summary>What kind of value comes next; consumes white space only.</summary>
    public JsonKind PeekKind()
    {
        SkipWhiteSpace();
        switch (_position < _json.Length ? _json[_position] : 0)
        {
            case '{':
                return JsonKind.Object;
            case '[':
                return JsonKind.Array;
            case '"':
                return JsonKind.String;
            case 't':
                return JsonKind.True;
            case 'f':
                return JsonKind.False;
            case 'n':
                return JsonKind.Null;
            case '-' or 'N' or 'I' or (>= '0' and <= '9'):
                return JsonKind.Number;
            default:
                JsonErrors.ThrowMalformed(_position, $"expected a value, found {JsonErrors.Found(_json, _position)}");
                return default;
        }
    }

    /// <summary>Consumes the opening brace of an object.</summary>
    public void BeginObject() => Begin((byte)'{', "an object");

    /// <summary>Consumes the opening bracket of a list.</summary>
    public void BeginArray() => Begin((byte)'[', "a list");

    /// <summary>Consumes the next property name and its colon, or the closing brace.</summary>
    /// <returns>False after the last property.</returns>
    public bool NextProperty(out JsonString name)
    {
        if (!Next((byte)'}'))
        {
            name = default;
            return false;
        }

        name = ReadText();
        SkipWhiteSpace();
        if (!TryConsume((byte)':'))
            JsonErrors.ThrowMalformed(_position, $"expected ':' after a property name, found {JsonErrors.Found(_json, _position)}");
        return true;
    }

    /// <summary>Consumes the comma before the next item, or the closing bracket.</summary>
    /// <returns>False after the last item.</returns>
    public bool NextItem() => Next((byte)']');

    /// <summary>Checks that nothing but white space follows.</summary>
    public void End()
    {
        SkipWhiteSpace();
        if (_position != _json.Length)
            JsonErrors.ThrowMalformed(_position, $"expected the end of the text, found {JsonErrors.Found(_json, _position)}");
    }

    private void Begin(byte bracket, string what)
    {
        SkipWhiteSpace();
        if (!TryConsume(bracket))
            ThrowExpected(what);
        if (++_depth > MaxDepth)
            JsonErrors.ThrowMalformed(_position - 1, $"nested more than {MaxDepth} levels deep");
        _first = true;
    }

    private bool Next(byte end)
    {
        SkipWhiteSpace();
        var first = _first;
        _first = false;
        if (TryConsume(end))
        {
            _depth--;
            return false;
        }

        if (!first)
        {
            if (!TryConsume((byte)','))
                JsonErrors.ThrowMalformed(_position, $"expected ',' or '{(char)end}', found {JsonErrors.Found(_json, _position)}");
            SkipWhiteSpace();
        }

        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool TryConsume(byte expected)
    {
        if ((uint)_position >= (uint)_json.Length || _json[_position] != expected)
            return false;
        _position++;
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void SkipWhiteSpace()
    {
        while ((uint)_position < (uint)_json.Length && _json[_position] <= 0x20)
        {
            if (_json[_position] is not ((byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t'))
                return;
            _position++;
        }
    }

    // Names the kind of value that stands here instead, after checking that it is one.
    private void ThrowExpected(string what)
    {
        var start = _position;
        var kind = PeekKind();
        JsonErrors.ThrowUnexpected(start, $"expected {what}, found {Describe(kind)}");
    }

    internal static string Describe(JsonKind kind) => kind switch
    {
        JsonKind.Object => "an object",
        JsonKind.Array => "a list",
        JsonKind.String => "a string",
        JsonKind.Number => "a number",
        JsonKind.True => "true",
        JsonKind.False => "false",
        _ => "null",
    };
}
