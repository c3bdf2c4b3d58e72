using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Granary.Api.Tests.Infernet.Node;

/// <summary>JSON as Python's json module reads it, and values as its <c>str</c> prints them.</summary>
internal static partial class PythonJson
{
    private const string Marker = "\u0001python:";

    /// <summary>A document in which bare NaN and infinities are texts with a marker; null when Python would not read it.</summary>
    public static JsonDocument? TryParse(string text)
    {
        try
        {
            return JsonDocument.Parse(BareWords().Replace(text, match => match.Groups["word"].Success ? JsonSerializer.Serialize(Marker + match.Value) : match.Value));
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary><c>str(value)</c> of what <c>json.loads</c> makes of it.</summary>
    public static string Print(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => "{" + string.Join(", ", value.EnumerateObject().Select(property => $"{Quote(property.Name)}: {Print(property.Value)}")) + "}",
        JsonValueKind.Array => "[" + string.Join(", ", value.EnumerateArray().Select(Print)) + "]",
        JsonValueKind.String when value.GetString()!.StartsWith(Marker, StringComparison.Ordinal) => BareWord(value.GetString()![Marker.Length..]),
        JsonValueKind.String => Quote(value.GetString()!),
        JsonValueKind.Number => Number(value.GetRawText()),
        JsonValueKind.True => "True",
        JsonValueKind.False => "False",
        _ => "None",
    };

    private static string BareWord(string word) => word switch { "NaN" => "nan", "Infinity" => "inf", _ => "-inf" };

    private static string Number(string text)
    {
        if (!text.AsSpan().ContainsAny(".eE"))
            return text;
        // Fine for the magnitudes of the tests: Python turns to exponents at 1e16, .NET at 1e15.
        var shortest = double.Parse(text, CultureInfo.InvariantCulture).ToString("R", CultureInfo.InvariantCulture).Replace('E', 'e');
        return shortest.AsSpan().ContainsAny(".e") ? shortest : shortest + ".0";
    }

    private static string Quote(string text)
    {
        var quote = text.Contains('\'') && !text.Contains('"') ? '"' : '\'';
        var printed = new StringBuilder().Append(quote);
        foreach (var character in text)
        {
            printed.Append(character switch
            {
                '\\' => "\\\\",
                '\n' => "\\n",
                '\r' => "\\r",
                '\t' => "\\t",
                _ when character == quote => "\\" + quote,
                < ' ' => $"\\x{(int)character:x2}",
                _ => character.ToString(),
            });
        }

        return printed.Append(quote).ToString();
    }

    // Strings are matched first, so that words inside them stay.
    [GeneratedRegex("\"(?:[^\"\\\\]|\\\\.)*\"|(?<word>-?Infinity|NaN)", RegexOptions.Singleline)]
    private static partial Regex BareWords();
}
