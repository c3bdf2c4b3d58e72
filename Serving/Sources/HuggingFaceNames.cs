using System.Diagnostics.CodeAnalysis;

namespace Granary.Serving.Sources;

/// <summary>The forms of the hub's names for content.</summary>
internal static class HuggingFaceNames
{
    /// <summary>Whether the text is a full commit (or the SHA-1 of a git blob), lower-case hex.</summary>
    public static bool IsCommit([NotNullWhen(true)] string? text) => IsHex(text, 40);

    /// <summary>Whether the text is a SHA-256, lower-case hex.</summary>
    public static bool IsSha256([NotNullWhen(true)] string? text) => IsHex(text, 64);

    /// <summary>An entity tag without its quotes; null when there is none.</summary>
    public static string? Unquote(string? tag)
    {
        if (tag is null or { Length: > 512 })
            return null;
        var text = tag.StartsWith("W/", StringComparison.Ordinal) ? tag[2..] : tag;
        text = text.Trim('"');
        return text.Length == 0 ? null : text;
    }

    private static bool IsHex([NotNullWhen(true)] string? text, int length)
        => text?.Length == length && !text.AsSpan().ContainsAnyExcept("0123456789abcdef");
}
