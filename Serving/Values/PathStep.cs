using System.Text;

namespace Granary.Serving.Values;

/// <summary>One step of the way to a value.</summary>
/// <param name="Name">Of a field, an argument or a key; null for an item of a list.</param>
/// <param name="Index">Of the item.</param>
internal readonly record struct PathStep(string? Name, int Index)
{
    private const int ShownCharacters = 60;

    /// <summary>Appends <c>[2]</c>, <c>.name</c>, or <c>["any other key"]</c>.</summary>
    public void Print(StringBuilder text)
    {
        if (Name is null)
            text.Append('[').Append(Index).Append(']');
        else if (IsIdentifier(Name))
            text.Append(text.Length == 0 ? "" : ".").Append(Name);
        else
            text.Append("[\"").Append(Name.Length > ShownCharacters ? Name[..ShownCharacters] + "…" : Name).Append("\"]");
    }

    private static bool IsIdentifier(string name) =>
        name.Length is > 0 and <= ShownCharacters && !char.IsAsciiDigit(name[0]) && name.All(static letter => char.IsAsciiLetterOrDigit(letter) || letter == '_');
}
