namespace Granary.Serving.Formats.Triton.TextFormat;

/// <summary>Mistakes of a text, as <c>file:line:column: what</c>.</summary>
internal static class TextErrors
{
    private const int ShownLength = 60;

    public static ServingException At(string file, TextPosition position, string message) =>
        new(ServingError.InvalidArgument, $"{file}:{position}: {message}");

    /// <summary>Text of the file as a message shows it: cut when long, control characters escaped.</summary>
    public static string Show(string text)
    {
        var shown = text.Length > ShownLength ? string.Concat(text.AsSpan(0, ShownLength), "…") : text;
        return string.Concat(shown.Select(static c => char.IsControl(c) || char.IsSurrogate(c) ? $"\\u{(int)c:x4}" : c.ToString()));
    }
}
