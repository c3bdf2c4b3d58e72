using System.Text.RegularExpressions;

namespace Granary.Infra.Tests.Settings;

/// <summary>
/// Every configuration key that the product reads, from its sources: the properties of classes that have a SectionName, keys
/// written as text, and the variables of the Infernet table.
/// </summary>
internal sealed partial class OptionCatalog
{
    private static readonly string[] Projects = ["Api", "Hosting", "Grains.Interfaces", "Grains", "Silo", "Serving"];
    // With whether something may stand below: an index, or the key of a dictionary.
    private readonly Dictionary<string, bool> _keys = new(StringComparer.OrdinalIgnoreCase);
    private readonly HashSet<string> _variables = new(StringComparer.Ordinal);

    private OptionCatalog()
    {
        foreach (var file in Projects.SelectMany(static project => Repository.Files(project, "*.cs")))
            Add(file, Repository.Read(file));
    }

    public static OptionCatalog Product { get; } = new();

    /// <summary>Null when the product reads the variable; else what is wrong.</summary>
    public string? Fault(string variable)
    {
        if (_variables.Contains(variable) || KnownSettings.Has(variable))
            return null;
        var key = variable.Replace("__", ":", StringComparison.Ordinal);
        var known = _keys.ContainsKey(key) || _keys.Any(pair => pair.Value && key.StartsWith(pair.Key + ":", StringComparison.OrdinalIgnoreCase));
        return known ? null : $"{variable} is no option of the product";
    }

    private void Add(string file, string code)
    {
        if (SectionName().Match(code) is { Success: true } section)
        {
            // The serving core knows no configuration: its sections stand below Granary.
            var name = (file.StartsWith("Serving/", StringComparison.Ordinal) ? "Granary:" : "") + section.Groups[1].Value;
            foreach (Match property in Property().Matches(code))
                _keys[$"{name}:{property.Groups[2].Value}"] = Collection().IsMatch(property.Groups[1].Value);
        }

        foreach (Match literal in KeyLiteral().Matches(code))
            _keys.TryAdd(literal.Groups[1].Value, false);
        if (!file.StartsWith("Hosting/Startup/", StringComparison.Ordinal))
            return;
        foreach (Match literal in VariableLiteral().Matches(code))
            _variables.Add(literal.Groups[1].Value);
    }

    [GeneratedRegex("""const string SectionName = "([^"]+)";""")]
    private static partial Regex SectionName();

    [GeneratedRegex(@"^    public ([\w<>\[\],.? ]+) (\w+) \{ get; (?:set|init); \}", RegexOptions.Multiline)]
    private static partial Regex Property();

    [GeneratedRegex(@"\[\]|List<|Dictionary<|Collection<|Set<")]
    private static partial Regex Collection();

    [GeneratedRegex("""const string (?!SectionName\b)\w+ = "((?:Granary|Cluster)(?::\w+)+)";""")]
    private static partial Regex KeyLiteral();

    [GeneratedRegex("""
        "([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*)"
        """)]
    private static partial Regex VariableLiteral();
}
