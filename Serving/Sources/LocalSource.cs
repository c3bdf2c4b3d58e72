using Granary.Serving.Models;
using Granary.Serving.Sources.Manifests;
using Microsoft.Extensions.Options;

namespace Granary.Serving.Sources;

/// <summary>
/// Files of this host, used in place. Ids that the operator did not name reach only the configured roots, after every symbolic
/// link is resolved; those that the operator named also reach absolute paths and the working directory. Whoever can write inside a root while a model loads is trusted: a link swapped after the check is followed.
/// </summary>
internal sealed class LocalSource(IOptions<LocalSourceOptions> options) : IModelSource
{
    private readonly string[] _roots = [.. options.Value.Roots.Select(static root => Path.TrimEndingDirectorySeparator(Path.GetFullPath(root)))];
    private readonly string? _infernetCache = options.Value.InfernetCache is { Length: > 0 } cache ? Path.GetFullPath(cache) : null;

    public ModelSourceKind Kind => ModelSourceKind.Local;

    public Task<SourceFile> ResolveAsync(ModelId id, bool trusted, CancellationToken cancellation)
    {
        // The parser refuses all of this; an id that was put together by hand comes here too.
        if (ModelIdParser.Fault(id) is { } fault)
            throw new ServingException(ServingError.InvalidArgument, fault);
        foreach (var (place, root) in Candidates(id, trusted))
        {
            if (RealPath.Find(place) is not { } real)
                continue;
            var realRoot = root is null ? null : RealPath.Find(root) ?? throw Denied(id);
            if (realRoot is not null && real != realRoot && !RealPath.IsInside(real, realRoot))
                throw Denied(id);
            var file = Directory.Exists(real) ? LocalManifests.Find(id, real, realRoot)
                : id.File is null ? LocalManifests.Describe(id, real, sha256: null)
                : null;
            if (file is not null)
                return Task.FromResult<SourceFile>(file);
        }

        throw new ServingException(ServingError.NotFound, $"model id {ModelIdText.Quote(id.ToString())}: there is no such file");
    }

    // Where the repository of the id may be: the directory of its file, or a file or directory that is the model itself.
    private IEnumerable<(string Path, string? Root)> Candidates(ModelId id, bool trusted)
    {
        if (id.Repository.StartsWith('/'))
        {
            var asked = id.File is null ? id.Repository : $"{id.Repository}/{id.File}";
            var root = _roots.FirstOrDefault(candidate => RealPath.IsInside(asked, candidate));
            return trusted || root is not null ? [(id.Repository, trusted ? null : root)] : throw Denied(id);
        }

        var candidates = _roots.Select(root => (Path.Join(root, id.Repository), trusted ? null : root)).ToList();
        if (_infernetCache is not null && InfernetPath(id) is { } cached)
            candidates.Add((Path.Join(_infernetCache, "local", cached), trusted ? null : _infernetCache));
        if (trusted)
            candidates.Add((Path.GetFullPath(id.Repository), null));
        return candidates.Count > 0 ? candidates : throw NoRoots(id);
    }

    private static string? InfernetPath(ModelId id)
    {
        var parts = id.Repository.Split('/');
        return parts.Length is 2 or 3 ? Path.Join(parts[0], parts[1], parts.Length == 3 ? parts[2] : "default") : null;
    }

    private static ServingException NoRoots(ModelId id) => new(ServingError.PermissionDenied,
        $"model id {ModelIdText.Quote(id.ToString())} is not allowed here: this server has no {LocalSourceOptions.SectionName}:Roots");

    private static ServingException Denied(ModelId id) => new(ServingError.PermissionDenied,
        $"model id {ModelIdText.Quote(id.ToString())} is not allowed here: it is outside {LocalSourceOptions.SectionName}:Roots of this server");
}
