using System.Text;
using Granary.Serving.Models;

namespace Granary.Serving.Formats.Archives;

/// <summary>Which paths an archive may hold: those that mean one file below it, to every reader on every system.</summary>
internal static class ArchivePaths
{
    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);

    /// <summary>The text of a path.</summary>
    /// <exception cref="ArchiveException">It is too long or not UTF-8.</exception>
    public static string Decode(ReadOnlySpan<byte> name, ArchiveLimits limits)
    {
        if (name.Length > limits.NameBytes)
            throw new ArchiveException($"it has a path of {name.Length:N0} bytes; at most {limits.NameBytes} are allowed");
        try
        {
            return Strict.GetString(name);
        }
        catch (DecoderFallbackException)
        {
            throw new ArchiveException($"the path {ModelIdText.Quote(Encoding.Latin1.GetString(name))} is not UTF-8");
        }
    }

    /// <summary>Checks a path; a directory's may end with a slash.</summary>
    /// <exception cref="ArchiveException">It is not one of a file below the archive.</exception>
    public static void Check(string path, ArchiveLimits limits)
    {
        if (path.StartsWith('/'))
            throw Wrong(path, "is absolute");
        if (path.Contains('\\'))
            throw Wrong(path, "holds a backslash");
        if (path is [_, ':', ..] && char.IsAsciiLetter(path[0]))
            throw Wrong(path, "begins with a drive letter");
        var trimmed = path.EndsWith('/') ? path.AsSpan(0, path.Length - 1) : path;
        var depth = 0;
        foreach (var range in trimmed.Split('/'))
        {
            if (++depth > limits.Depth)
                throw Wrong(path, $"is deeper than {limits.Depth} directories");
            CheckSegment(path, trimmed[range]);
        }
    }

    private static void CheckSegment(string path, ReadOnlySpan<char> segment)
    {
        if (segment.IsEmpty)
            throw Wrong(path, "has an empty segment");
        if (segment is "." or "..")
            throw Wrong(path, $"holds '{segment}'");
        foreach (var c in segment)
        {
            if (char.IsControl(c) || char.GetUnicodeCategory(c) is System.Globalization.UnicodeCategory.Format
                or System.Globalization.UnicodeCategory.LineSeparator or System.Globalization.UnicodeCategory.ParagraphSeparator)
                throw Wrong(path, $"holds the character U+{(int)c:X4}");
        }
    }

    private static ArchiveException Wrong(string path, string what) => new($"the path {ModelIdText.Quote(path)} {what}");
}
