using Granary.Serving.Models;
using Granary.Serving.Sources.Manifests;
using Microsoft.Extensions.Options;

namespace Granary.Serving.Sources;

/// <summary>
/// The cache of the hub's own tools, <c>models--owner--name/{refs/REVISION, snapshots/COMMIT/FILE → blobs/HASH}</c>, read in
/// place. A large file's blob is called by its SHA-256, which is verified. Source: huggingface_hub's guide "Understand caching".
/// </summary>
internal sealed class HuggingFaceCache(IOptions<HuggingFaceOptions> options)
{
    private readonly string? _root = options.Value.HubCache is { Length: > 0 } cache ? Path.GetFullPath(cache) : null;

    /// <summary>The file of a snapshot; null when the cache does not have it.</summary>
    /// <param name="id">The file, or a repository with one model.</param>
    /// <param name="commit">The snapshot; null for the one that the revision of the id meant when the tools last asked.</param>
    /// <exception cref="ServingException">It is there, but its manifest is damaged, a link leads out of the repository, or it is
    /// not clear which file is meant.</exception>
    public LocalSourceFile? Find(ModelId id, string? commit = null)
    {
        if (_root is null || RealPath.Find(Path.Join(_root, "models--" + id.Repository.Replace("/", "--", StringComparison.Ordinal))) is not { } repository)
            return null;
        commit ??= HuggingFaceNames.IsCommit(id.Version) ? id.Version! : ReadRef(repository, id.Version ?? "main");
        if (commit is null || RealPath.Find(Path.Join(repository, "snapshots", commit)) is not { } snapshot || !Directory.Exists(snapshot))
            return null;
        if (!RealPath.IsInside(snapshot, repository) || LocalManifests.Find(id, snapshot, repository, commit) is not { } file)
            return null;
        var name = Path.GetFileName(file.Path);
        return file.Sha256 is null && HuggingFaceNames.IsSha256(name)
            ? new LocalSourceFile(file.Path) { Length = file.Length, Revision = commit, Sha256 = name }
            : file;
    }

    private static string? ReadRef(string repository, string revision)
    {
        var path = RealPath.Find(Path.Join(repository, "refs", revision));
        if (path is null || !RealPath.IsInside(path, repository) || Directory.Exists(path) || new FileInfo(path).Length is 0 or > 100)
            return null;
        var commit = File.ReadAllText(path).Trim();
        return HuggingFaceNames.IsCommit(commit) ? commit : null;
    }
}
