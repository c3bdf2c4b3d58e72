namespace Granary.Serving.Formats.Triton.TextFormat;

/// <summary>What kind of word a token is.</summary>
internal enum TextTokenKind
{
    /// <summary>The end of the text.</summary>
    End,

    /// <summary>Letters, digits and underscores, not beginning with a digit.</summary>
    Identifier,

    /// <summary>A whole number without its sign: decimal, <c>0x</c> or octal with a leading 0.</summary>
    Integer,

    /// <summary>A number with a point, an exponent or an <c>f</c>, without its sign.</summary>
    Float,

    /// <summary>One quoted string; the text is what it means.</summary>
    String,

    /// <summary>One other character.</summary>
    Symbol,
}

/// <summary>One word of the text.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Text">As written; of a string, as written too.</param>
/// <param name="Bytes">Of a string: what its escapes mean.</param>
/// <param name="Position">Its first character.</param>
internal readonly record struct TextToken(TextTokenKind Kind, string Text, byte[]? Bytes, TextPosition Position)
{
    public bool Is(char symbol) => Kind == TextTokenKind.Symbol && Text[0] == symbol;

    /// <summary>For messages.</summary>
    public string Shown => Kind == TextTokenKind.End ? "the end of the file" : $"\"{TextErrors.Show(Text)}\"";
}
