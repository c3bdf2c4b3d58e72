using System.Globalization;

namespace Granary.Serving.Models;

/// <summary>How the names that a definition gives were understood.</summary>
public enum NamingRule
{
    /// <summary>Every name is that of an argument.</summary>
    Argument,

    /// <summary>Every name ends in its position: <c>INPUT__0</c>.</summary>
    Index,

    /// <summary>The first name is the first position, and so on.</summary>
    Order,
}

/// <summary>
/// Which argument each wire name means. All names follow one rule, so two conventions mixed mean the order of the definition:
/// the rules of Triton's PyTorch backend, <see href="https://github.com/triton-inference-server/pytorch_backend#naming-conventions"/>.
/// </summary>
public static class InputNames
{
    private const string Separator = "__";

    /// <summary>The rule that all names follow and the position of each.</summary>
    /// <param name="names">Wire names in the order of the definition.</param>
    /// <param name="arguments">Names of the method's arguments; empty for results, which have no names.</param>
    /// <returns>Positions may repeat or lie beyond the arguments; the caller knows whether that is a fault.</returns>
    public static (NamingRule Rule, int[] Positions) Resolve(IReadOnlyList<string> names, IReadOnlyList<string> arguments)
    {
        var positions = names.Select(name => IndexOf(arguments, name)).ToArray();
        if (!positions.Contains(-1))
            return (NamingRule.Argument, positions);
        positions = [.. names.Select(IndexIn)];
        return positions.Contains(-1) ? (NamingRule.Order, [.. Enumerable.Range(0, names.Count)]) : (NamingRule.Index, positions);
    }

    /// <summary>The number after the first <c>__</c> of a name; -1 when there is none.</summary>
    private static int IndexIn(string name)
    {
        var at = name.IndexOf(Separator, StringComparison.Ordinal);
        return at >= 0 && int.TryParse(name.AsSpan(at + Separator.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var index) ? index : -1;
    }

    private static int IndexOf(IReadOnlyList<string> names, string name)
    {
        for (var i = 0; i < names.Count; i++)
        {
            if (names[i] == name)
                return i;
        }

        return -1;
    }
}
