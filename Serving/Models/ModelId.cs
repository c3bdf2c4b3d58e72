namespace Granary.Serving.Models;

/// <summary>
/// Where weights are: <c>local/path[:file]</c>, <c>arweave/owner/name[/version]:file</c>,
/// <c>huggingface/owner/name[/revision][:file]</c>, <c>blob/container/path[:file]</c>. Parsed by <see cref="ModelIdParser"/>.
/// </summary>
/// <param name="Source">The kind of source.</param>
/// <param name="Repository"><c>owner/name</c>, <c>container/path</c> or a local path (absolute only if the operator gave it).</param>
/// <param name="Version">Revision, version or null for the newest.</param>
/// <param name="File">The file to load inside the repository; null when the repository is itself the file or names its file.</param>
public sealed record ModelId(ModelSourceKind Source, string Repository, string? Version, string? File)
{
    /// <summary>The canonical text; <see cref="ModelIdParser.Parse"/> reads it back.</summary>
    public override string ToString() => ModelIdParser.Format(this);
}
