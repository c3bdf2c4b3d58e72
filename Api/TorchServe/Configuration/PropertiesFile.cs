using System.Globalization;
using System.Text;

namespace Granary.Api.TorchServe.Configuration;

/// <summary>
/// Reads Java properties: <c>key=value</c>, <c>key: value</c> or <c>key value</c> a line, comments behind # or !, a backslash at the
/// end of a line to go on, and the escapes of Java. Source: java.util.Properties, method load.
/// </summary>
internal static class PropertiesFile
{
    /// <summary>Reads a text; of a key that is there twice the last one counts.</summary>
    /// <exception cref="FormatException">A <c>\u</c> without four digits, with its line.</exception>
    public static Dictionary<string, string> Parse(string text)
    {
        var properties = new Dictionary<string, string>(StringComparer.Ordinal);
        var lines = text.ReplaceLineEndings("\n").Split('\n');
        for (var i = 0; i < lines.Length; i++)
        {
            var first = i;
            var line = lines[i].TrimStart(' ', '\t', '\f');
            if (line.Length == 0 || line[0] is '#' or '!')
                continue;
            while (EndsWithBackslash(line) && i + 1 < lines.Length)
                line = line[..^1] + lines[++i].TrimStart(' ', '\t', '\f');
            if (EndsWithBackslash(line))
                line = line[..^1];
            var (key, value) = Split(line);
            properties[Unescape(key, first + 1)] = Unescape(value, first + 1);
        }

        return properties;
    }

    private static bool EndsWithBackslash(string line) => (line.Length - line.AsSpan().TrimEnd('\\').Length) % 2 == 1;

    // The key ends at the first blank, = or : that no backslash stands before.
    private static (string Key, string Value) Split(string line)
    {
        var end = 0;
        while (end < line.Length && line[end] is not ('=' or ':' or ' ' or '\t' or '\f'))
            end += line[end] == '\\' ? 2 : 1;
        end = Math.Min(end, line.Length);
        var rest = line.AsSpan(end).TrimStart(" \t\f");
        if (rest.StartsWith('=') || rest.StartsWith(':'))
            rest = rest[1..].TrimStart(" \t\f");
        return (line[..end], rest.ToString());
    }

    private static string Unescape(string text, int line)
    {
        if (!text.Contains('\\'))
            return text;
        var result = new StringBuilder();
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] != '\\' || i + 1 == text.Length)
            {
                result.Append(text[i]);
                continue;
            }

            i++;
            if (text[i] != 'u')
            {
                result.Append(text[i] switch { 't' => '\t', 'n' => '\n', 'r' => '\r', 'f' => '\f', var other => other });
                continue;
            }

            if (i + 4 >= text.Length || !ushort.TryParse(text.AsSpan(i + 1, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var unit))
                throw new FormatException($"line {line} has a \\u that four hexadecimal digits do not follow");
            result.Append((char)unit);
            i += 4;
        }

        return result.ToString();
    }
}
