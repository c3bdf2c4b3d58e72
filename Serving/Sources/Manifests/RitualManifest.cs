using System.Text.Json;
using Granary.Serving.Models;

namespace Granary.Serving.Sources.Manifests;

/// <summary>
/// The <c>ritual_manifest.json</c> of a repository: which files it has, and their SHA-256. Infernet services 2.0 write
/// <c>{"files": [...], "file_hashes": {name: hex}, "metadata": {...}}</c> and never compare the hashes; we do. Names that no
/// model id may hold count as an error, since a chosen name becomes part of a path.
/// </summary>
internal sealed class RitualManifest
{
    /// <summary>Name of the file in the root of a repository.</summary>
    public const string FileName = "ritual_manifest.json";

    /// <summary>Most bytes of a manifest.</summary>
    public const int MaxBytes = 1 << 20;

    private readonly Dictionary<string, string> _hashes;

    private RitualManifest(IReadOnlyList<string> files, Dictionary<string, string> hashes) => (Files, _hashes) = (files, hashes);

    /// <summary>Names relative to the root, as the manifest orders them.</summary>
    public IReadOnlyList<string> Files { get; }

    /// <summary>SHA-256 of a file, lower-case hex; null when the manifest has none.</summary>
    public string? Sha256(string file) => _hashes.GetValueOrDefault(file);

    /// <summary>Reads a manifest.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.SourceFailed"/>: it is damaged. Nothing is loaded then, since
    /// a manifest that somebody broke must not switch its hashes off.</exception>
    public static RitualManifest Parse(ReadOnlyMemory<byte> json, ModelId id)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            var root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object)
                throw Damaged(id, $"it is a JSON {root.ValueKind.ToString().ToLowerInvariant()}; expected an object");
            return new RitualManifest(ReadFiles(root, id), ReadHashes(root, id));
        }
        catch (JsonException error)
        {
            throw Damaged(id, "it is no JSON", error);
        }
    }

    /// <summary>What to say of a manifest that is too long to be one.</summary>
    public static ServingException TooLong(ModelId id) => Damaged(id, $"it is longer than {MaxBytes:N0} bytes");

    private static List<string> ReadFiles(JsonElement root, ModelId id)
    {
        var files = new List<string>();
        if (!root.TryGetProperty("files", out var list) || list.ValueKind == JsonValueKind.Null)
            return files;
        if (list.ValueKind != JsonValueKind.Array)
            throw Damaged(id, "'files' is no list");
        foreach (var item in list.EnumerateArray())
            files.Add(item.ValueKind == JsonValueKind.String ? Name(item.GetString()!, id) : throw Damaged(id, "'files' holds something else than strings"));
        return files;
    }

    private static Dictionary<string, string> ReadHashes(JsonElement root, ModelId id)
    {
        var hashes = new Dictionary<string, string>(StringComparer.Ordinal);
        if (!root.TryGetProperty("file_hashes", out var map) || map.ValueKind == JsonValueKind.Null)
            return hashes;
        if (map.ValueKind != JsonValueKind.Object)
            throw Damaged(id, "'file_hashes' is no object");
        foreach (var entry in map.EnumerateObject())
        {
            var hash = entry.Value.ValueKind == JsonValueKind.String ? entry.Value.GetString()!.Trim().ToLowerInvariant() : "";
            if (hash.Length != 64 || hash.AsSpan().ContainsAnyExcept("0123456789abcdef"))
                throw Damaged(id, $"the hash of {ModelIdText.Quote(entry.Name)} is no SHA-256 in hex");
            // The last of two entries would win elsewhere; here two that differ are an error.
            if (!hashes.TryAdd(Name(entry.Name, id), hash) && hashes[entry.Name] != hash)
                throw Damaged(id, $"it has two hashes of {ModelIdText.Quote(entry.Name)}");
        }

        return hashes;
    }

    private static string Name(string name, ModelId id)
        => ModelIdText.PathFault(name, "a file name", allowComma: false) is { } fault ? throw Damaged(id, fault) : name;

    private static ServingException Damaged(ModelId id, string why, Exception? inner = null) => new(ServingError.SourceFailed,
        $"the {FileName} of {ModelIdText.Quote(id.ToString())} is not valid: {why}", inner);
}
