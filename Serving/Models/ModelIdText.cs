using System.Globalization;
using System.Text;

namespace Granary.Serving.Models;

/// <summary>Which characters the parts of a model id may hold, and how to show one that is not trusted.</summary>
internal static class ModelIdText
{
    private const int QuotedLength = 120;

    /// <summary>What is wrong with a relative path of one or more segments; null when nothing is.</summary>
    public static string? PathFault(ReadOnlySpan<char> path, string what, bool allowComma)
    {
        foreach (var range in path.Split('/'))
        {
            if (SegmentFault(path[range], what, allowComma) is { } fault)
                return fault;
        }

        return null;
    }

    /// <summary>What is wrong with an owner, a name or a version: ASCII letters, digits and <c>_ - . + =</c>; null when nothing is.</summary>
    public static string? WordFault(ReadOnlySpan<char> word, string what)
    {
        if (word.IsEmpty)
            return $"{what} is empty";
        if (word is "." or "..")
            return $"{what} is '{word}'";
        foreach (var c in word)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('_' or '-' or '.' or '+' or '='))
                return $"{what} holds {Name(c)}; letters, digits and _ - . + = are allowed";
        }

        return null;
    }

    /// <summary>The text in quotes, its control and invisible characters escaped, cut after 120 characters: fit for a message or a log.</summary>
    public static string Quote(ReadOnlySpan<char> text)
    {
        var result = new StringBuilder("'");
        foreach (var c in text[..Math.Min(text.Length, QuotedLength)])
        {
            if (char.IsSurrogate(c) || IsInvisible(c))
                result.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
            else
                result.Append(c);
        }

        return result.Append(text.Length > QuotedLength ? "…'" : "'").ToString();
    }

    private static string? SegmentFault(ReadOnlySpan<char> segment, string what, bool allowComma)
    {
        if (segment.IsEmpty)
            return $"{what} has an empty segment";
        if (segment is "." or "..")
            return $"{what} holds the segment '{segment}'";
        if (segment[0] == ' ' || segment[^1] == ' ')
            return $"{what} has a segment that begins or ends with a space";
        for (var i = 0; i < segment.Length; i++)
        {
            var c = segment[i];
            if (char.IsHighSurrogate(c) && i + 1 < segment.Length && char.IsLowSurrogate(segment[i + 1]))
                i++;
            else if (c is '\\' or ':' || (c == ',' && !allowComma) || char.IsSurrogate(c) || IsInvisible(c))
                return $"{what} holds {Name(c)}";
        }

        return null;
    }

    private static bool IsInvisible(char c) => c != ' ' && CharUnicodeInfo.GetUnicodeCategory(c) is UnicodeCategory.Control
        or UnicodeCategory.Format or UnicodeCategory.SpaceSeparator or UnicodeCategory.LineSeparator
        or UnicodeCategory.ParagraphSeparator or UnicodeCategory.OtherNotAssigned;

    private static string Name(char c) => char.IsAscii(c) && !char.IsControl(c) ? $"'{c}'" : $"the character U+{(int)c:X4}";
}
