using System.Diagnostics.CodeAnalysis;

namespace Granary.Serving.Models;

/// <summary>
/// Reads and writes the text form of a <see cref="ModelId"/>. Reading is strict, since ids come from requests: no <c>..</c>, no
/// backslash, no control or invisible characters, no empty segments; the canonical text reads back as the same id.
/// </summary>
public static class ModelIdParser
{
    /// <summary>Most UTF-16 units of a model id.</summary>
    public const int MaxLength = 1024;

    private const string Forms = "huggingface/owner/name[/revision][:file], arweave/owner/name[/version]:file, "
        + "blob/container/path[:file] or local/path[:file]";

    /// <summary>Reads a model id. Of several files separated by commas (Infernet services 2.0) the first is the one to load.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.InvalidArgument"/>: what is wrong, where, and the forms that are right.</exception>
    public static ModelId Parse(string text)
        => TryParse(text, out var id, out var fault) ? id : throw new ServingException(ServingError.InvalidArgument, fault);

    /// <summary>Reads a model id; on failure <paramref name="fault"/> is the message of the exception that <see cref="Parse"/> throws.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out ModelId? id, [NotNullWhen(false)] out string? fault)
    {
        (id, fault) = Read(text);
        if (id is not null)
            return true;
        fault = $"model id {ModelIdText.Quote(text)} is not valid: {fault}; expected {Forms}";
        return false;
    }

    /// <summary>Writes the canonical text; does not check (see <see cref="Fault"/>).</summary>
    public static string Format(ModelId id)
    {
        var version = id.Version is null ? "" : "/" + id.Version;
        var file = id.File is null ? "" : ":" + id.File;
        return $"{ModelSourceKinds.Name(id.Source)}/{id.Repository}{version}{file}";
    }

    /// <summary>What is wrong with an id that was put together from parts; null when its canonical text reads back as the same id.</summary>
    public static string? Fault(ModelId id)
    {
        var text = Format(id);
        if (!TryParse(text, out var read, out var fault))
            return fault;
        return read == id ? null : $"model id {ModelIdText.Quote(text)} is not valid: one of its parts holds a separator";
    }

    private static (ModelId?, string?) Read(string text)
    {
        if (text.Length > MaxLength)
            return (null, $"it has {text.Length:N0} characters, the limit is {MaxLength:N0}");
        var slash = text.IndexOf('/');
        if (slash < 0)
            return (null, "it has no '/'");
        if (!ModelSourceKinds.TryFromName(text.AsSpan(0, slash), out var kind))
            return (null, $"{ModelIdText.Quote(text.AsSpan(0, slash))} is not a source");

        var rest = text[(slash + 1)..];
        var colon = rest.IndexOf(':');
        var (path, files) = colon < 0 ? (rest, null) : (rest[..colon], rest[(colon + 1)..]);
        if (files is not null && FilesFault(files) is { } filesFault)
            return (null, filesFault);
        var file = files?.Split(',')[0];
        return kind is ModelSourceKind.Local or ModelSourceKind.Blob ? ReadPath(kind, path, file) : ReadRepository(kind, path, file);
    }

    private static (ModelId?, string?) ReadPath(ModelSourceKind kind, string path, string? file)
    {
        var relative = kind == ModelSourceKind.Local && path.StartsWith('/') ? path.AsSpan(1) : path;
        var fault = ModelIdText.PathFault(relative, "the path", allowComma: true);
        if (fault is null && kind == ModelSourceKind.Blob && !path.Contains('/') && file is null)
            fault = "it names a container but no blob";
        return fault is null ? (new ModelId(kind, path, null, file), null) : (null, fault);
    }

    private static (ModelId?, string?) ReadRepository(ModelSourceKind kind, string path, string? file)
    {
        var parts = path.Split('/', 3);
        if (parts.Length < 2)
            return (null, "it needs an owner and a name");
        if (file is null && kind != ModelSourceKind.HuggingFace)
            return (null, "it names no file; add ':' and the file to load");
        var version = parts.Length == 3 ? parts[2] : null;
        var fault = ModelIdText.WordFault(parts[0], "the owner") ?? ModelIdText.WordFault(parts[1], "the name");
        if (version is not null)
            fault ??= VersionFault(kind, version);
        return fault is null ? (new ModelId(kind, $"{parts[0]}/{parts[1]}", version, file), null) : (null, fault);
    }

    // Git references of the hub may hold slashes (refs/pr/1); versions on Arweave may not.
    private static string? VersionFault(ModelSourceKind kind, string version)
    {
        if (kind != ModelSourceKind.HuggingFace)
            return ModelIdText.WordFault(version, "the version");
        foreach (var part in version.Split('/'))
        {
            if (ModelIdText.WordFault(part, "the revision") is { } fault)
                return fault;
        }

        return null;
    }

    private static string? FilesFault(string files)
    {
        foreach (var file in files.Split(','))
        {
            if (ModelIdText.PathFault(file, "the file", allowComma: false) is { } fault)
                return fault;
        }

        return null;
    }
}
