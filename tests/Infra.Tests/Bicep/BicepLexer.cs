using System.Text;

namespace Granary.Infra.Tests.Bicep;

/// <summary>Splits Bicep text into tokens; see https://learn.microsoft.com/azure/azure-resource-manager/bicep/file.</summary>
internal sealed class BicepLexer(string text)
{
    private static readonly string[] Operators = ["?.", ".?", "??", "==", "!=", "=~", "!~", "<=", ">=", "&&", "||", "=>", "..."];
    private static readonly IReadOnlyList<IReadOnlyList<BicepToken>> None = [];
    private int _at;
    private int _line = 1;

    public static IReadOnlyList<BicepToken> Read(string text) => new BicepLexer(text).ReadAll();

    private List<BicepToken> ReadAll()
    {
        var tokens = new List<BicepToken>();
        while (Next() is { } token)
            tokens.Add(token);
        tokens.Add(new BicepToken(TokenKind.End, "", _line, None));
        return tokens;
    }

    private BicepToken? Next()
    {
        SkipBlanks();
        if (_at >= text.Length)
            return null;
        var c = text[_at];
        if (c == '\n')
        {
            _at++;
            return new BicepToken(TokenKind.NewLine, "\n", _line++, None);
        }

        if (c == '\'')
            return ReadString();
        if (char.IsAsciiLetter(c) || c == '_')
            return Take(TokenKind.Identifier, static c => char.IsAsciiLetterOrDigit(c) || c == '_');
        if (char.IsAsciiDigit(c))
            return Take(TokenKind.Number, char.IsAsciiDigit);
        var length = Operators.FirstOrDefault(op => string.CompareOrdinal(text, _at, op, 0, op.Length) == 0)?.Length ?? 1;
        if (length == 1 && !"{}[]():=.,@?!<>+-*/%|".Contains(c))
            throw new FormatException($"line {_line}: '{c}' is no Bicep");
        _at += length;
        return new BicepToken(TokenKind.Punctuation, text[(_at - length).._at], _line, None);
    }

    private void SkipBlanks()
    {
        while (_at < text.Length)
        {
            var rest = text.AsSpan(_at);
            if (rest[0] is ' ' or '\t' or '\r')
            {
                _at++;
            }
            else if (rest.StartsWith("//") || rest.StartsWith("#disable-next-line"))
            {
                var end = rest.IndexOf('\n');
                _at = end < 0 ? text.Length : _at + end;
            }
            else if (rest.StartsWith("/*"))
            {
                var end = text.IndexOf("*/", _at, StringComparison.Ordinal);
                if (end < 0)
                    throw new FormatException($"line {_line}: the comment does not end");
                _line += text.AsSpan(_at, end - _at).Count('\n');
                _at = end + 2;
            }
            else
            {
                return;
            }
        }
    }

    private BicepToken Take(TokenKind kind, Func<char, bool> belongs)
    {
        var start = _at;
        while (_at < text.Length && belongs(text[_at]))
            _at++;
        return new BicepToken(kind, text[start.._at], _line, None);
    }

    private BicepToken ReadString()
    {
        var literal = new StringBuilder();
        var interpolations = new List<IReadOnlyList<BicepToken>>();
        _at++;
        while (true)
        {
            if (_at >= text.Length || text[_at] == '\n')
                throw new FormatException($"line {_line}: the string does not end");
            var c = text[_at++];
            if (c == '\'')
                return new BicepToken(TokenKind.String, literal.ToString(), _line, interpolations);
            if (c == '\\')
            {
                literal.Append(text[_at++]);
            }
            else if (c == '$' && text[_at] == '{')
            {
                literal.Append('\0');
                interpolations.Add(ReadInterpolation());
            }
            else
            {
                literal.Append(c);
            }
        }
    }

    private List<BicepToken> ReadInterpolation()
    {
        _at++;
        var tokens = new List<BicepToken>();
        for (var depth = 1; ;)
        {
            var token = Next() ?? throw new FormatException($"line {_line}: the interpolation does not end");
            depth += token.Is("{") ? 1 : token.Is("}") ? -1 : 0;
            if (depth == 0)
                break;
            tokens.Add(token);
        }

        tokens.Add(new BicepToken(TokenKind.End, "", _line, None));
        return tokens;
    }
}
