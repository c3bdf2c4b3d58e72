using Granary.Serving.Models;

namespace Granary.Serving.Servables;

/// <summary>
/// What a text that names a model may mean: a catalog name (<c>name</c> or <c>name/version</c>), a model id (<c>huggingface/…</c>,
/// <c>local/…</c>), or the path of a file under the configured roots. A name that the catalog holds wins over a file of that name.
/// </summary>
public sealed class ServableIdentifier
{
    private ServableIdentifier(string text, string? name, string? version, ModelId? id, string? fault)
    {
        Text = text;
        Name = name;
        Version = version;
        Key = id is null ? null : ModelKey.AdHoc(id);
        IsRemote = id is { Source: not ModelSourceKind.Local };
        Fault = fault;
    }

    /// <summary>As the request had it.</summary>
    public string Text { get; }

    /// <summary>The catalog name that it may be; null when it cannot be one.</summary>
    public string? Name { get; }

    /// <summary>The version with <see cref="Name"/>; null for the default.</summary>
    public string? Version { get; }

    /// <summary>The key of the file or model id that it is when the catalog has no such name; null when it can be none.</summary>
    public ModelKey? Key { get; }

    /// <summary>Whether <see cref="Key"/> comes over the network.</summary>
    public bool IsRemote { get; }

    /// <summary>What is wrong with it as a path or model id; null when <see cref="Key"/> is set.</summary>
    public string? Fault { get; }

    /// <summary>What was found under it last; a hint that its users check.</summary>
    internal Servable? Found { get; set; }

    /// <summary>Reads a text; never throws.</summary>
    public static ServableIdentifier Parse(string text)
    {
        var slash = text.IndexOf('/');
        var name = slash < 0 ? text : text[..slash];
        var version = slash < 0 ? null : text[(slash + 1)..];
        var isName = ModelNames.IsValid(name) && (version is null || ModelVersions.IsValid(version));
        var isId = slash > 0 && ModelSourceKinds.TryFromName(text.AsSpan(0, slash), out _);
        ModelIdParser.TryParse(isId ? text : $"{ModelSourceKinds.Name(ModelSourceKind.Local)}/{Normalize(text)}", out var id, out var fault);
        return new ServableIdentifier(text, isName ? name : null, isName ? version : null, id, id is null ? fault : null);
    }

    // As a file system reads it: ./a//b is a/b. What goes up is left for the parser to refuse.
    private static string Normalize(string path)
    {
        var parts = path.Split('/');
        if (parts.Length == 1)
            return path;
        var kept = string.Join('/', parts.Where(static part => part.Length > 0 && part != "."));
        return path.StartsWith('/') ? "/" + kept : kept;
    }
}
