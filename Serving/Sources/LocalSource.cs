using Granary.Serving.Models;
using Microsoft.Extensions.Options;

namespace Granary.Serving.Sources;

/// <summary>
/// Files of this host, used in place. Ids that the operator did not name reach only the configured roots, after every symbolic
/// link is resolved; those that the operator named also reach absolute paths and the working directory. Whoever can write inside a root while a model loads is trusted: a link swapped after the check is followed.
/// </summary>
internal sealed class LocalSource(IOptions<LocalSourceOptions> options) : IModelSource
{
    private static readonly string[] UsualNames = ["model.torch", "model.pt"];
    private static readonly string[] Extensions = [".torch", ".pt", ".pth"];

    private readonly string[] _roots = [.. options.Value.Roots.Select(static root => Path.TrimEndingDirectorySeparator(Path.GetFullPath(root)))];
    private readonly string? _infernetCache = options.Value.InfernetCache is { Length: > 0 } cache ? Path.GetFullPath(cache) : null;

    public ModelSourceKind Kind => ModelSourceKind.Local;

    public Task<SourceFile> ResolveAsync(ModelId id, bool trusted, CancellationToken cancellation)
    {
        // The parser refuses all of this; an id that was put together by hand comes here too.
        if (ModelIdParser.Fault(id) is { } fault)
            throw new ServingException(ServingError.InvalidArgument, fault);
        foreach (var (path, root) in Candidates(id, trusted))
        {
            if (RealPath.Find(path) is not { } real)
                continue;
            if (root is not null && (RealPath.Find(root) is not { } realRoot || !RealPath.IsInside(real, realRoot)))
                throw Denied(id);
            return Task.FromResult(Describe(id, Directory.Exists(real) ? FileIn(real, id, root) : real));
        }

        throw NotFound(id, "there is no such file");
    }

    private IEnumerable<(string Path, string? Root)> Candidates(ModelId id, bool trusted)
    {
        var relative = id.File is null ? id.Repository : $"{id.Repository}/{id.File}";
        if (relative.StartsWith('/'))
        {
            var root = _roots.FirstOrDefault(candidate => RealPath.IsInside(relative, candidate));
            return trusted || root is not null ? [(relative, trusted ? null : root)] : throw Denied(id);
        }

        var candidates = _roots.Select(root => (Path.Join(root, relative), trusted ? null : root)).ToList();
        if (_infernetCache is not null && InfernetPath(id) is { } cached)
            candidates.Add((Path.Join(_infernetCache, "local", cached), trusted ? null : _infernetCache));
        if (trusted)
            candidates.Add((Path.GetFullPath(relative), null));
        return candidates.Count > 0 ? candidates : throw NoRoots(id);
    }

    private static string? InfernetPath(ModelId id)
    {
        var parts = id.Repository.Split('/');
        return id.File is null || parts.Length is not (2 or 3)
            ? null
            : Path.Join(parts[0], parts[1], parts.Length == 3 ? parts[2] : "default", id.File);
    }

    // A directory stands for the model file in it when there is no doubt which.
    private static string FileIn(string directory, ModelId id, string? root)
    {
        var models = Directory.EnumerateFiles(directory)
            .Where(static path => Extensions.Contains(Path.GetExtension(path), StringComparer.Ordinal))
            .Select(static path => Path.GetFileName(path)).Order(StringComparer.Ordinal).ToList();
        var usual = models.Where(static name => UsualNames.Contains(name, StringComparer.Ordinal)).ToList();
        var chosen = usual.Count == 1 ? usual[0] : models.Count == 1 ? models[0] : null;
        if (chosen is null)
        {
            var there = models.Count == 0 ? "no .torch, .pt or .pth file is in it" : "in it: " + string.Join(", ", models.Take(10));
            throw NotFound(id, $"it is a directory; name the file after ':' ({there})");
        }

        var real = RealPath.Find(Path.Join(directory, chosen)) ?? throw NotFound(id, $"{chosen} in it is a broken link");
        if (root is not null && !RealPath.IsInside(real, RealPath.Find(root)!))
            throw Denied(id);
        return real;
    }

    private static SourceFile Describe(ModelId id, string path)
    {
        var info = new FileInfo(path);
        // Pipes and devices have no length either; opening one would block.
        if (info.Length == 0)
            throw NotFound(id, "the file is empty or not a regular file");
        return new LocalSourceFile(path) { Length = info.Length };
    }

    private static ServingException NotFound(ModelId id, string why)
        => new(ServingError.NotFound, $"model id {ModelIdText.Quote(id.ToString())}: {why}");

    private static ServingException NoRoots(ModelId id) => new(ServingError.PermissionDenied,
        $"model id {ModelIdText.Quote(id.ToString())} is not allowed here: this server has no {LocalSourceOptions.SectionName}:Roots");

    private static ServingException Denied(ModelId id) => new(ServingError.PermissionDenied,
        $"model id {ModelIdText.Quote(id.ToString())} is not allowed here: it is outside {LocalSourceOptions.SectionName}:Roots of this server");
}
