namespace Granary.Infra.Tests.Bicep;

internal enum TokenKind
{
    Identifier,
    Number,
    String,
    Punctuation,
    NewLine,
    End,
}

/// <summary>One token. A string holds its literal parts in <see cref="Text"/>, joined by NUL, and its interpolations as tokens.</summary>
internal sealed record BicepToken(TokenKind Kind, string Text, int Line, IReadOnlyList<IReadOnlyList<BicepToken>> Interpolations)
{
    public bool Is(string punctuation) => Kind == TokenKind.Punctuation && Text == punctuation;

    public bool IsWord(string word) => Kind == TokenKind.Identifier && Text == word;
}
