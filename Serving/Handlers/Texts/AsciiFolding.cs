using System.Globalization;
using System.Text;

namespace Granary.Serving.Handlers.Texts;

/// <summary>Characters to ASCII, as <c>unicodedata.normalize("NFKD", text).encode("ascii", "ignore")</c> does: marks and what has no ASCII part are dropped.</summary>
internal static class AsciiFolding
{
    private static readonly Dictionary<int, string> Table = AsciiFoldingTable.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries)
        .Select(static line => (Space: line.IndexOf(' '), Line: line))
        .ToDictionary(static pair => int.Parse(pair.Line.AsSpan(0, pair.Space), NumberStyles.HexNumber, CultureInfo.InvariantCulture), static pair => pair.Line[(pair.Space + 1)..]);

    /// <summary>Appends what is left of a text.</summary>
    public static void Append(StringBuilder target, string text)
    {
        foreach (var rune in text.EnumerateRunes())
        {
            if (rune.IsAscii)
                target.Append((char)rune.Value);
            else if (Table.TryGetValue(rune.Value, out var ascii))
                target.Append(ascii);
        }
    }
}
