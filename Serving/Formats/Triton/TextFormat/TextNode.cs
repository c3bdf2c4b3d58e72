namespace Granary.Serving.Formats.Triton.TextFormat;

/// <summary>What stands after a field's name.</summary>
internal abstract record TextNode(TextPosition Position);

/// <summary>A number, a string or a name. Of a string, <see cref="Text"/> is what it means; of a number, what was written without its sign.</summary>
internal sealed record TextScalar(TextTokenKind Kind, string Text, bool Negative, TextPosition Position) : TextNode(Position)
{
    /// <summary>As a message shows it.</summary>
    public string Shown => (Negative ? "-" : "") + TextErrors.Show(Text);
}

/// <summary>Fields between braces, or the whole file.</summary>
internal sealed record TextMessage(IReadOnlyList<TextField> Fields, TextPosition Position) : TextNode(Position);

/// <summary>Values between brackets.</summary>
internal sealed record TextList(IReadOnlyList<TextNode> Items, TextPosition Position) : TextNode(Position);

/// <summary>One <c>name: value</c>.</summary>
/// <param name="Name">As written.</param>
/// <param name="HasColon">Scalars need one, messages do not.</param>
/// <param name="Value">What follows.</param>
/// <param name="Position">Of the name.</param>
internal sealed record TextField(string Name, bool HasColon, TextNode Value, TextPosition Position);
