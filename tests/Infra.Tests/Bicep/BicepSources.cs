namespace Granary.Infra.Tests.Bicep;

/// <summary>The files under infra/bicep, and what the tests ask of them.</summary>
internal static class BicepSources
{
    public const string Folder = "infra/bicep";

    public static IReadOnlyList<BicepFile> Templates { get; } = [.. Repository.Files(Folder, "*.bicep").Select(BicepFile.Load)];

    public static IReadOnlyList<BicepFile> ParameterFiles { get; } = [.. Repository.Files(Folder, "*.bicepparam").Select(BicepFile.Load)];

    public static BicepFile Main => Get("main.bicep");

    public static BicepFile Silo => Get("modules/silo.bicep");

    public static BicepFile Api => Get("modules/api.bicep");

    public static BicepFile Get(string path) => Templates.Single(file => file.Path == $"{Folder}/{path}");

    /// <summary>The template that a module statement or a parameter file names.</summary>
    public static BicepFile Target(BicepFile from, string reference)
    {
        var folder = Path.GetDirectoryName(Repository.Full(from.Path))!;
        var path = Path.GetRelativePath(Repository.Root, Path.GetFullPath(Path.Combine(folder, reference)));
        return Templates.Single(file => file.Path == path);
    }

    /// <summary>The node at a path of property names; a number selects an item. Variables are followed.</summary>
    public static BicepNode At(BicepFile file, BicepNode node, string path)
    {
        foreach (var step in path.Split('.'))
        {
            node = Resolve(file, node) switch
            {
                BicepObject map => map.Properties[step],
                BicepArray list => list.Items[int.Parse(step, System.Globalization.CultureInfo.InvariantCulture)],
                var other => throw new FormatException($"{file.Path}: {step} of {path} is looked for in {other}"),
            };
        }

        return Resolve(file, node);
    }

    /// <summary>Every environment variable that a template gives to its container: name, value.</summary>
    public static IEnumerable<(string Name, BicepNode Value)> Variables(BicepFile file) =>
        from declaration in file.Declarations
        where declaration.Value is not null
        from node in declaration.Value!.Walk().OfType<BicepObject>()
        where node.Properties.Count == 2 && node.Properties.ContainsKey("name") && (node.Properties.ContainsKey("value") || node.Properties.ContainsKey("secretRef"))
        select (((BicepText)node.Properties["name"]).Literal!, node.Properties.GetValueOrDefault("value") ?? node.Properties["secretRef"]);

    /// <summary>The text of a node with variables filled in; parameters stay as their names in braces.</summary>
    public static string Text(BicepFile file, BicepNode node) => Resolve(file, node) switch
    {
        BicepText text => Fill(file, text),
        BicepNumber number => number.Value.ToString(System.Globalization.CultureInfo.InvariantCulture),
        BicepSymbol symbol => "{" + symbol.Name + "}",
        var other => throw new FormatException($"{file.Path}: {other} is no text"),
    };

    private static string Fill(BicepFile file, BicepText text)
    {
        var pieces = text.Format.Split('\0');
        return pieces[0] + string.Concat(text.Parts.Select((part, i) => Text(file, part) + pieces[i + 1]));
    }

    private static BicepNode Resolve(BicepFile file, BicepNode node) =>
        node is BicepSymbol symbol && file.Of("var").FirstOrDefault(variable => variable.Name == symbol.Name) is { } found
            ? Resolve(file, found.Value!)
            : node;
}
