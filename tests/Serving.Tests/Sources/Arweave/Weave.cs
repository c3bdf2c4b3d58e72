using System.Diagnostics;
using System.Text.Json.Nodes;
using Granary.Serving.Tests.Support;

namespace Granary.Serving.Tests.Sources.Arweave;

/// <summary>One transaction or data item of the test weave.</summary>
internal sealed class WeaveEntry(string name, JsonNode json, byte[] data)
{
    public string Name { get; } = name;

    public byte[] Data { get; } = data;

    public string Id { get; } = (string)json["id"]!;

    public string Owner { get; } = (string)json["owner"]!;

    public string Sha256 { get; } = (string)json["sha256"]!;

    public string? BundledIn { get; } = (string?)json["bundledIn"];

    /// <summary>The signed header; null for a data item.</summary>
    public JsonNode? Header { get; } = json["header"];

    public IReadOnlyList<(string Name, string Value)> Tags { get; } = [.. json["tags"]!.AsArray().Select(static tag => ((string)tag![0]!, (string)tag[1]!))];

    public IReadOnlyList<(int Begin, int End, string Path)> Chunks { get; } = [.. (json["chunks"]?.AsArray() ?? [])
        .Select(static chunk => ((int)chunk!["begin"]!, (int)chunk["end"]!, (string)chunk["path"]!))];

    public string? Tag(string tag) => Tags.FirstOrDefault(pair => pair.Name == tag).Value;
}

/// <summary>Transactions and data items that npm arweave signed, made once for all tests (make-weave.js).</summary>
public sealed class Weave : IDisposable
{
    private readonly TempDirectory _directory = new();
    private readonly Dictionary<string, WeaveEntry> _entries = [];

    public Weave()
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(root.FullName, "Granary.slnf")))
            root = root.Parent!;
        var modules = Path.Combine(root.FullName, "tests", "node", "node_modules");
        var script = Path.Combine(root.FullName, "tests", "Serving.Tests", "Sources", "Arweave", "make-weave.js");
        using (var node = Process.Start(new ProcessStartInfo("node", [script, modules, _directory.Path]) { RedirectStandardError = true })!)
        {
            var errors = node.StandardError.ReadToEnd();
            node.WaitForExit();
            Assert.True(node.ExitCode == 0, errors);
        }

        var json = JsonNode.Parse(File.ReadAllText(Path.Combine(_directory.Path, "weave.json")))!;
        Alice = (string)json["owners"]!["alice"]!;
        Mallory = (string)json["owners"]!["mallory"]!;
        foreach (var (name, entry) in json["transactions"]!.AsObject())
            _entries[name] = new WeaveEntry(name, entry!, File.ReadAllBytes(Path.Combine(_directory.Path, name + ".data")));
    }

    /// <summary>Address of the owner of most.</summary>
    public string Alice { get; }

    /// <summary>Address of somebody else.</summary>
    public string Mallory { get; }

    internal IEnumerable<WeaveEntry> Entries => _entries.Values;

    internal WeaveEntry this[string name] => _entries[name];

    public void Dispose() => _directory.Dispose();
}

/// <summary>Making keys takes seconds, so all classes share one weave.</summary>
[CollectionDefinition(nameof(Weave))]
public sealed class WeaveCollection : ICollectionFixture<Weave>;
