using System.Text.Json;

namespace Granary.Serving.Sources;

/// <summary>Reads an allow-list of owners from an environment variable such as <c>ALLOWED_ARWEAVE_OWNERS</c>.</summary>
public static class OwnerList
{
    /// <summary>Reads a JSON list of strings, or names separated by commas; empty for null or blank text.</summary>
    /// <exception cref="FormatException">It begins like a JSON list and is not one of strings.</exception>
    public static string[] Parse(string? text)
    {
        if (string.IsNullOrWhiteSpace(text))
            return [];
        return text.AsSpan().TrimStart().StartsWith('[')
            ? ParseJson(text)
            : text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
    }

    private static string[] ParseJson(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            return [.. document.RootElement.EnumerateArray().Select(static element => element.GetString()
                ?? throw new FormatException("an owner is null"))];
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            throw new FormatException("expected a JSON list of strings, or names separated by commas", error);
        }
    }
}
