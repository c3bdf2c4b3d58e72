namespace Granary.Serving.Models;

/// <summary>The rule for catalog names: letters, digits, <c>_ - .</c>, starting with a letter or digit, at most 128.</summary>
public static class ModelNames
{
    /// <summary>Whether <paramref name="name"/> follows the rule.</summary>
    public static bool IsValid(string name)
    {
        if (name.Length is 0 or > 128 || !char.IsAsciiLetterOrDigit(name[0]))
            return false;
        foreach (var c in name)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('_' or '-' or '.'))
                return false;
        }

        return true;
    }
}
