using System.Text;

namespace Granary.Serving.Formats.Pickles;

/// <summary>Text from a file that may go into a message.</summary>
internal static class PrintableText
{
    /// <summary>At most <paramref name="max"/> characters, without any that move the cursor or hide what follows.</summary>
    public static string Of(string text, int max = PickleLimits.NameLength)
    {
        var builder = new StringBuilder();
        foreach (var c in text.AsSpan(0, Math.Min(text.Length, max)))
            builder.Append(char.IsControl(c) || char.IsSurrogate(c) || char.GetUnicodeCategory(c) is System.Globalization.UnicodeCategory.Format ? '?' : c);
        if (text.Length > max)
            builder.Append('…');
        return builder.Length == 0 ? "?" : builder.ToString();
    }
}
