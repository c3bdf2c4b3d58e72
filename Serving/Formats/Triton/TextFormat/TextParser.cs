using System.Text;

namespace Granary.Serving.Formats.Triton.TextFormat;

/// <summary>
/// Reads protobuf's text format into a tree of fields without knowing the message: what a field may hold is checked when the tree
/// is bound. Extensions and <c>Any</c> are refused, because no message of a model configuration has them.
/// </summary>
internal sealed class TextParser
{
    /// <summary>Deepest nesting.</summary>
    public const int MaxDepth = 64;

    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);

    private readonly TextLexer _lexer;
    private readonly string _file;
    private TextToken _token;
    private int _depth;

    private TextParser(string text, string file)
    {
        _lexer = new TextLexer(text, file);
        _file = file;
        _token = _lexer.Next();
    }

    /// <summary>Reads a file's bytes.</summary>
    /// <param name="utf8">The text.</param>
    /// <param name="file">Its name, for messages.</param>
    /// <exception cref="ServingException"><see cref="ServingError.InvalidArgument"/>, as <c>file:line:column: what</c>.</exception>
    public static TextMessage Parse(ReadOnlySpan<byte> utf8, string file)
    {
        string text;
        try
        {
            text = Strict.GetString(utf8);
        }
        catch (DecoderFallbackException error)
        {
            throw TextErrors.At(file, PositionOf(utf8, error.Index), "the file is not UTF-8 text");
        }

        return Parse(text, file);
    }

    /// <summary>Reads a text.</summary>
    public static TextMessage Parse(string text, string file)
    {
        var parser = new TextParser(text, file);
        var fields = new List<TextField>();
        while (parser._token.Kind != TextTokenKind.End)
            fields.Add(parser.ReadField());
        return new TextMessage(fields, new TextPosition(1, 1));
    }

    private TextField ReadField()
    {
        var position = _token.Position;
        if (_token.Is('['))
            throw Error("extensions and Any messages ([name]) are not part of a model configuration");
        if (_token.Kind != TextTokenKind.Identifier)
            throw Error($"Expected identifier, got: {_token.Shown}");
        var name = Take().Text;
        var hasColon = TryTake(':');
        var value = _token.Is('[') ? ReadList(hasColon) : ReadValue(hasColon);
        if (!TryTake(';'))
            TryTake(',');
        return new TextField(name, hasColon, value, position);
    }

    private TextNode ReadValue(bool scalarAllowed)
    {
        if (_token.Is('{') || _token.Is('<'))
            return ReadMessage();
        if (!scalarAllowed)
            throw Error($"Expected \":\", found {_token.Shown}.");
        return ReadScalar();
    }

    private TextMessage ReadMessage()
    {
        var open = Take();
        var close = open.Is('{') ? '}' : '>';
        if (++_depth > MaxDepth)
            throw TextErrors.At(_file, open.Position, $"Message is too deep: at most {MaxDepth} levels are read");
        var fields = new List<TextField>();
        while (!_token.Is(close))
        {
            if (_token.Kind == TextTokenKind.End)
                throw Error($"Expected \"{close}\", found the end of the file; the \"{open.Text}\" of {open.Position} is never closed");
            fields.Add(ReadField());
        }

        Take();
        _depth--;
        return new TextMessage(fields, open.Position);
    }

    private TextList ReadList(bool scalarAllowed)
    {
        var open = Take();
        var items = new List<TextNode>();
        if (TryTake(']'))
            return new TextList(items, open.Position);
        do
        {
            if (_token.Is(']'))
                throw Error("a list must not end with a comma");
            items.Add(ReadValue(scalarAllowed));
        }
        while (TryTake(','));
        if (!TryTake(']'))
            throw Error($"Expected \",\" or \"]\", found {_token.Shown}.");
        return new TextList(items, open.Position);
    }

    private TextScalar ReadScalar()
    {
        var position = _token.Position;
        if (_token.Kind == TextTokenKind.String)
            return ReadStrings(position);
        var negative = TryTake('-');
        var wanted = _token.Kind is TextTokenKind.Integer or TextTokenKind.Float
            || (_token.Kind == TextTokenKind.Identifier && (!negative || IsFloatWord(_token.Text)));
        if (!wanted)
            throw Error(negative ? $"Expected a number after \"-\", got: {_token.Shown}" : $"Expected a value, got: {_token.Shown}");
        var token = Take();
        return new TextScalar(token.Kind, token.Text, negative, position);
    }

    /// <summary>Strings that stand beside each other are one.</summary>
    private TextScalar ReadStrings(TextPosition position)
    {
        var bytes = new List<byte>();
        while (_token.Kind == TextTokenKind.String)
            bytes.AddRange(Take().Bytes!);
        try
        {
            return new TextScalar(TextTokenKind.String, Strict.GetString(bytes.ToArray()), false, position);
        }
        catch (DecoderFallbackException)
        {
            throw TextErrors.At(_file, position, "the escapes of this string do not make UTF-8 text");
        }
    }

    /// <summary>Whether a name is one of the numbers that have no digits.</summary>
    public static bool IsFloatWord(string word) => word.ToLowerInvariant() is "inf" or "infinity" or "nan";

    private TextToken Take()
    {
        var token = _token;
        _token = _lexer.Next();
        return token;
    }

    private bool TryTake(char symbol)
    {
        if (!_token.Is(symbol))
            return false;
        Take();
        return true;
    }

    private ServingException Error(string message) => TextErrors.At(_file, _token.Position, message);

    private static TextPosition PositionOf(ReadOnlySpan<byte> utf8, int index)
    {
        var before = utf8[..Math.Clamp(index, 0, utf8.Length)];
        var lineStart = before.LastIndexOf((byte)'\n') + 1;
        return new TextPosition(before.Count((byte)'\n') + 1, Encoding.UTF8.GetCharCount(before[lineStart..]) + 1);
    }
}
