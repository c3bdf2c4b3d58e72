using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace Granary.Hosting.Startup;

/// <summary>
/// Reads values as people write them in <c>.env</c> files and Docker configurations: Docker keeps the quotes that a shell
/// would strip, so one pair around the value is taken off, and an empty value counts as not set.
/// </summary>
internal sealed class EnvironmentText(IReadOnlyDictionary<string, string?> variables, List<string> errors)
{
    /// <summary>The value without surrounding blanks and quotes; null when it is absent or empty.</summary>
    public string? Get(string name)
    {
        if (!variables.TryGetValue(name, out var value) || value is null)
            return null;
        var text = Unquote(value);
        return text.Length == 0 ? null : text;
    }

    /// <summary>The first of the names that is set.</summary>
    public string? GetFirst(params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
        {
            if (Get(name) is { } value)
                return value;
        }

        return null;
    }

    /// <summary>A truth value; false when absent, an error when it is neither true nor false.</summary>
    public bool GetTruth(string name)
    {
        var value = Get(name);
        switch (value?.ToLowerInvariant())
        {
            case "true" or "1" or "t" or "yes" or "y" or "on":
                return true;
            case null or "false" or "0" or "f" or "no" or "n" or "off":
                return false;
            default:
                errors.Add($"{name} is '{value}'; expected true or false");
                return false;
        }
    }

    /// <summary>A JSON value of one kind; false when absent or wrong, which adds an error.</summary>
    public bool TryGetJson(string name, JsonValueKind kind, [NotNullWhen(true)] out JsonElement? json)
    {
        json = null;
        if (Get(name) is not { } text)
            return false;
        try
        {
            using var document = JsonDocument.Parse(text);
            if (document.RootElement.ValueKind != kind)
            {
                errors.Add($"{name} is a JSON {document.RootElement.ValueKind.ToString().ToLowerInvariant()}; expected an {kind.ToString().ToLowerInvariant()}");
                return false;
            }

            json = document.RootElement.Clone();
            return true;
        }
        catch (JsonException)
        {
            errors.Add($"{name} is no JSON {kind.ToString().ToLowerInvariant()}: {Shorten(text)}");
            return false;
        }
    }

    /// <summary>A list written with commas or as a JSON list of strings.</summary>
    public IReadOnlyList<string> GetList(string name)
    {
        var text = Get(name);
        if (text is null)
            return [];
        if (!text.StartsWith('['))
            return text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        try
        {
            using var document = JsonDocument.Parse(text);
            return [.. document.RootElement.EnumerateArray().Select(item => item.GetString() ?? "")];
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            errors.Add($"{name} is neither a list with commas nor a JSON list of strings: {Shorten(text)}");
            return [];
        }
    }

    /// <summary>Takes off surrounding blanks and one pair of quotes, then another of the other kind.</summary>
    internal static string Unquote(string value)
    {
        var text = value.Trim();
        while (text.Length >= 2 && text[0] is ('"' or '\'') && text[^1] == text[0])
            text = text[1..^1].Trim();
        return text;
    }

    private static string Shorten(string text) => text.Length <= 80 ? text : text[..77] + "...";
}
