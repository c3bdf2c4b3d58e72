namespace Granary.Serving.Formats.Triton.TextFormat;

/// <summary>A place in a text, as editors count: both from 1, columns in characters.</summary>
internal readonly record struct TextPosition(int Line, int Column)
{
    public override string ToString() => $"{Line}:{Column}";
}
