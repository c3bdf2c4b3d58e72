namespace Granary.Serving.Formats.Triton.TextFormat;

/// <summary>
/// Cuts a text in protobuf's text format into tokens, see <see href="https://protobuf.dev/reference/protobuf/textformat-spec/"/>.
/// Blanks and comments (<c>#</c> to the end of the line) go; strings may span lines, as libprotobuf allows.
/// </summary>
internal sealed class TextLexer(string text, string file)
{
    private int _index = text.StartsWith('\uFEFF') ? 1 : 0;
    private int _line = 1;
    private int _column = 1;

    private TextPosition Position => new(_line, _column);

    private char Current => _index < text.Length ? text[_index] : '\0';

    private bool AtEnd => _index >= text.Length;

    /// <summary>The next token; <see cref="TextTokenKind.End"/> again and again at the end.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.InvalidArgument"/>: no token begins here.</exception>
    public TextToken Next()
    {
        SkipBlanks();
        var start = _index;
        var position = Position;
        if (AtEnd)
            return new TextToken(TextTokenKind.End, "", null, position);
        if (Current is '"' or '\'')
            return ReadString(start, position);
        if (char.IsAsciiLetter(Current) || Current == '_')
        {
            SkipWhile(static c => char.IsAsciiLetterOrDigit(c) || c == '_');
            return new TextToken(TextTokenKind.Identifier, text[start.._index], null, position);
        }

        if (char.IsAsciiDigit(Current) || (Current == '.' && _index + 1 < text.Length && char.IsAsciiDigit(text[_index + 1])))
            return ReadNumber(start, position);
        if (char.IsControl(Current) || !char.IsAscii(Current))
            throw Error(position, $"Invalid character U+{(int)Current:X4} outside of a string");
        Step();
        return new TextToken(TextTokenKind.Symbol, text[start.._index], null, position);
    }

    private TextToken ReadNumber(int start, TextPosition position)
    {
        if (Current == '0' && _index + 1 < text.Length && text[_index + 1] is 'x' or 'X')
        {
            Step(2);
            if (!char.IsAsciiHexDigit(Current))
                throw Error(Position, "\"0x\" must be followed by hex digits.");
            SkipWhile(char.IsAsciiHexDigit);
            return Number(TextTokenKind.Integer, start, position);
        }

        SkipWhile(char.IsAsciiDigit);
        var isFloat = SkipFraction();
        var digits = text.AsSpan(start, _index - start);
        if (!isFloat && digits.Length > 1 && digits[0] == '0' && digits.ContainsAny('8', '9'))
            throw Error(position, "Numbers starting with leading zero must be in octal.");
        // "1f" is a float, as in C.
        if (Current is 'f' or 'F')
        {
            Step();
            isFloat = true;
        }

        return Number(isFloat ? TextTokenKind.Float : TextTokenKind.Integer, start, position);
    }

    /// <summary>Skips ".5" and "e-3" after the first digits; whether there was either.</summary>
    private bool SkipFraction()
    {
        var found = false;
        if (Current == '.')
        {
            found = true;
            Step();
            SkipWhile(char.IsAsciiDigit);
        }

        if (Current is 'e' or 'E')
        {
            found = true;
            Step();
            if (Current is '+' or '-')
                Step();
            if (!char.IsAsciiDigit(Current))
                throw Error(Position, "\"e\" must be followed by exponent.");
            SkipWhile(char.IsAsciiDigit);
        }

        return found;
    }

    private TextToken Number(TextTokenKind kind, int start, TextPosition position)
    {
        if (char.IsAsciiLetterOrDigit(Current) || Current is '_' or '.')
            throw Error(Position, $"Need space between number and '{Current}'.");
        return new TextToken(kind, text[start.._index], null, position);
    }

    private TextToken ReadString(int start, TextPosition position)
    {
        var quote = Current;
        Step();
        var content = _index;
        while (!AtEnd && Current != quote)
            Step(Current == '\\' && _index + 1 < text.Length ? 2 : 1);
        if (AtEnd)
            throw Error(position, "Unexpected end of string.");
        var bytes = TextEscapes.Decode(text.AsSpan(content, _index - content), out var wrong, out var fault);
        if (fault is not null)
            throw Error(PositionOf(content + wrong, position, start), fault);
        Step();
        return new TextToken(TextTokenKind.String, text[start.._index], bytes, position);
    }

    private TextPosition PositionOf(int index, TextPosition from, int start)
    {
        var (line, column) = (from.Line, from.Column);
        for (var i = start; i < index; i++)
            (line, column) = text[i] == '\n' ? (line + 1, 1) : (line, column + 1);
        return new TextPosition(line, column);
    }

    private void SkipBlanks()
    {
        while (!AtEnd)
        {
            if (Current == '#')
                SkipWhile(static c => c != '\n');
            else if (Current is ' ' or '\t' or '\r' or '\n' or '\v' or '\f')
                Step();
            else
                return;
        }
    }

    private void SkipWhile(Func<char, bool> wanted)
    {
        while (!AtEnd && wanted(Current))
            Step();
    }

    private void Step(int count = 1)
    {
        for (; count > 0; count--)
        {
            (_line, _column) = Current == '\n' ? (_line + 1, 1) : (_line, _column + 1);
            _index++;
        }
    }

    private ServingException Error(TextPosition position, string message) => TextErrors.At(file, position, message);
}
