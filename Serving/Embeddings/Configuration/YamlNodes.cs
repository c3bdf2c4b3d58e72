using System.Globalization;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Granary.Serving.Embeddings.Configuration;

/// <summary>
/// One mapping of a configuration file of the operator's, with its place for messages. Keys that nobody asks for are named in a warning.
/// </summary>
internal sealed class YamlNodes
{
    private readonly YamlMappingNode _node;
    private readonly string _place;
    private readonly List<string> _warnings;
    private readonly HashSet<string> _known = new(StringComparer.Ordinal);

    private YamlNodes(YamlMappingNode node, string place, List<string> warnings)
    {
        _node = node;
        _place = place;
        _warnings = warnings;
    }

    /// <summary>Keys and values in the order of the file.</summary>
    public IEnumerable<(string Key, YamlNode Value)> Entries => _node.Children.Select(static pair => (((YamlScalarNode)pair.Key).Value ?? "", pair.Value));

    /// <summary>Reads a file whose outermost value is a mapping; an empty one has no keys.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.InvalidArgument"/>: it is no such file.</exception>
    public static YamlNodes Parse(string text, string file, List<string> warnings)
    {
        try
        {
            var stream = new YamlStream();
            stream.Load(new StringReader(text));
            var root = stream.Documents.Count == 0 ? new YamlMappingNode() : stream.Documents[0].RootNode;
            return root is YamlMappingNode mapping ? new YamlNodes(mapping, file, warnings).Checked() : throw Wrong(file, "its outermost value is no mapping");
        }
        catch (YamlException exception)
        {
            throw Wrong(file, $"line {exception.Start.Line}: {exception.Message}");
        }
    }

    /// <summary>The mapping under the first of some keys that is there; null for none.</summary>
    public YamlNodes? Mapping(params ReadOnlySpan<string> keys) => Find(keys) is (var key, var node) && node is not null ? Of(key, node) : null;

    /// <summary>A value as a mapping.</summary>
    public YamlNodes Of(string key, YamlNode node)
    {
        _known.Add(key);
        return node is YamlMappingNode mapping ? new YamlNodes(mapping, $"{_place}: {key}", _warnings).Checked() : throw Wrong($"{_place}: {key}", "is no mapping");
    }

    /// <summary>The text under the first of some keys that is there; null for none.</summary>
    public string? Text(params ReadOnlySpan<string> keys)
    {
        if (Find(keys) is not (var key, { } node))
            return null;
        return node is YamlScalarNode scalar ? scalar.Value : throw Wrong($"{_place}: {key}", "is no text");
    }

    /// <summary>A whole number that is at least <paramref name="least"/>.</summary>
    public long? Number(string key, long least = 0)
    {
        if (Text(key) is not { } text)
            return null;
        // Written as 1_000_000 or 1e9 too.
        return double.TryParse(text.Replace("_", "", StringComparison.Ordinal), NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && number >= least && number <= long.MaxValue && number == Math.Floor(number)
            ? (long)number
            : throw Wrong($"{_place}: {key}", $"is '{text}'; expected a whole number from {least}");
    }

    /// <summary>A truth value.</summary>
    public bool? Truth(string key) => Text(key)?.ToLowerInvariant() switch
    {
        null => null,
        "true" or "yes" or "on" => true,
        "false" or "no" or "off" => false,
        var text => throw Wrong($"{_place}: {key}", $"is '{text}'; expected true or false"),
    };

    /// <summary>A list of texts; empty when it is not there.</summary>
    public IReadOnlyList<string> Texts(string key)
    {
        if (Find([key]) is not (_, { } node))
            return [];
        return node is YamlSequenceNode list && list.All(static item => item is YamlScalarNode)
            ? [.. list.Select(static item => ((YamlScalarNode)item).Value ?? "")]
            : throw Wrong($"{_place}: {key}", "is no list of texts");
    }

    /// <summary>Says that keys are fine though nobody asks for them.</summary>
    public YamlNodes Accept(params ReadOnlySpan<string> keys)
    {
        foreach (var key in keys)
            _known.Add(key);
        return this;
    }

    /// <summary>Warns of every key that nobody asked for.</summary>
    public void WarnOfUnknown()
    {
        foreach (var (key, _) in Entries)
        {
            if (!_known.Contains(key))
                _warnings.Add($"{_place}: {key} is not known and was ignored");
        }
    }

    /// <summary>What is wrong with a value.</summary>
    public ServingException Wrong(string what) => Wrong(_place, what);

    private static ServingException Wrong(string place, string what) => new(ServingError.InvalidArgument, $"{place} {what}");

    private YamlNodes Checked()
    {
        foreach (var (key, _) in _node.Children)
        {
            if (key is not YamlScalarNode)
                throw Wrong("has a key that is no text");
        }

        return this;
    }

    private (string Key, YamlNode? Node)? Find(ReadOnlySpan<string> keys)
    {
        (string, YamlNode?)? found = null;
        foreach (var key in keys)
        {
            _known.Add(key);
            if (found is null && _node.Children.TryGetValue(new YamlScalarNode(key), out var node) && node is not YamlScalarNode { Value: null or "" or "~" or "null" })
                found = (key, node);
        }

        return found;
    }
}
