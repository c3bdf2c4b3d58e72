namespace Granary.Serving.Models;

/// <summary>Makes model ids from the <c>model_source</c> and <c>load_args</c> of Infernet services 1.0 (environment or request).</summary>
public static class ModelIdFactory
{
    /// <summary>Puts an id together. An empty argument counts as absent.</summary>
    /// <param name="source">Number or name; see <see cref="ModelSourceKinds.FromModelSource"/>.</param>
    /// <param name="repoId"><c>owner/name</c>; needed for Arweave and Hugging Face.</param>
    /// <param name="filename">The file to load; needed for Arweave and Hugging Face.</param>
    /// <param name="version">Version or revision; absent for the newest.</param>
    /// <param name="path">For a local source: the file (<c>path</c> or <c>model_path</c>), or the directory of <paramref name="filename"/>.</param>
    /// <exception cref="ServingException"><see cref="ServingError.InvalidArgument"/>, naming the argument.</exception>
    public static ModelId FromLoadArguments(string source, string? repoId, string? filename, string? version, string? path)
    {
        var kind = ModelSourceKinds.FromModelSource(source);
        var id = kind == ModelSourceKind.Local
            ? Local(NullIfEmpty(repoId), NullIfEmpty(filename), NullIfEmpty(version), NullIfEmpty(path))
            : Remote(kind, NullIfEmpty(repoId), NullIfEmpty(filename), NullIfEmpty(version));
        return ModelIdParser.Fault(id) is { } fault ? throw Invalid(fault) : id;
    }

    private static ModelId Local(string? repoId, string? filename, string? version, string? path)
    {
        if (path is not null)
            return new ModelId(ModelSourceKind.Local, Tidy(path), null, filename);
        if (repoId is null)
            throw Invalid("a local model needs load argument 'path' (or 'repo_id' and 'filename' under a configured root)");
        return new ModelId(ModelSourceKind.Local, version is null ? repoId : $"{repoId}/{version}", null, filename);
    }

    private static ModelId Remote(ModelSourceKind kind, string? repoId, string? filename, string? version)
    {
        var name = ModelSourceKinds.Name(kind);
        if (repoId is null)
            throw Invalid($"a model from {name} needs load argument 'repo_id' (owner/name)");
        if (filename is null)
            throw Invalid($"a model from {name} needs load argument 'filename'");
        if (kind != ModelSourceKind.Blob && repoId.AsSpan().Count('/') != 1)
            throw Invalid($"load argument 'repo_id' is {ModelIdText.Quote(repoId)}; expected owner/name");
        return kind == ModelSourceKind.Blob && version is not null
            ? throw Invalid("a model from blob has no 'version'; put it into 'repo_id'")
            : new ModelId(kind, repoId, version, filename);
    }

    // What people write at a prompt: ./models/a.pt, models//a.pt, models/.
    private static string Tidy(string path)
    {
        var kept = path.Split('/').Where(static segment => segment is not ("" or "."));
        return (path.StartsWith('/') ? "/" : "") + string.Join('/', kept);
    }

    private static string? NullIfEmpty(string? text) => string.IsNullOrEmpty(text) ? null : text;

    private static ServingException Invalid(string message) => new(ServingError.InvalidArgument, message);
}
