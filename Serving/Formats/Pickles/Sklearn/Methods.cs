using System.Text.RegularExpressions;
using Granary.Torch;

namespace Granary.Serving.Formats.Pickles.Sklearn;

/// <summary>Which methods a mapped module has.</summary>
internal static partial class Methods
{
    public static bool Has(ModuleBlueprint blueprint, string method)
    {
        foreach (var definition in Definitions().EnumerateMatches(blueprint.Source))
        {
            if (blueprint.Source.AsSpan(definition.Index + 4, definition.Length - 5).SequenceEqual(method))
                return true;
        }

        return false;
    }

    /// <summary>The blueprint itself if it has the method that its parent calls.</summary>
    public static ModuleBlueprint Require(ModuleBlueprint blueprint, SklearnFields parent, string name, string method) =>
        Has(blueprint, method) ? blueprint : throw parent.Refuse(name, $"is a {blueprint.Name}, which has no method '{method}'");

    [GeneratedRegex(@"^def \w+\(", RegexOptions.Multiline)]
    private static partial Regex Definitions();
}
