using YamlDotNet.Core;
using YamlDotNet.Serialization;

namespace Granary.Infra.Tests.Docker;

/// <summary>A YAML file as maps, lists and text, merge keys applied.</summary>
internal static class ComposeFile
{
    public const string Main = "infra/docker/compose.yaml";

    public static IReadOnlyDictionary<object, object?> Load(string path)
    {
        var parser = new MergingParser(new Parser(new StringReader(Repository.Read(path))));
        return new DeserializerBuilder().Build().Deserialize<Dictionary<object, object?>>(parser);
    }

    /// <summary>Every document of a file.</summary>
    public static IReadOnlyList<Dictionary<object, object?>> LoadAll(string path)
    {
        var parser = new Parser(new StringReader(Repository.Read(path)));
        var deserializer = new DeserializerBuilder().Build();
        var documents = new List<Dictionary<object, object?>>();
        parser.Consume<YamlDotNet.Core.Events.StreamStart>();
        while (parser.Accept<YamlDotNet.Core.Events.DocumentStart>(out _))
            documents.Add(deserializer.Deserialize<Dictionary<object, object?>>(parser));
        return documents;
    }

    public static IReadOnlyDictionary<object, object?> Map(this IReadOnlyDictionary<object, object?> map, string key) =>
        map.TryGetValue(key, out var value) ? (Dictionary<object, object?>)value! : new Dictionary<object, object?>();

    public static IReadOnlyList<object> List(this IReadOnlyDictionary<object, object?> map, string key) =>
        map.TryGetValue(key, out var value) ? (List<object>)value! : [];

    public static string? Text(this IReadOnlyDictionary<object, object?> map, string key) =>
        map.TryGetValue(key, out var value) ? (string?)value : null;
}
