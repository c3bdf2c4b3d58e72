using Granary.Serving.Formats.Triton.Repository;
using Granary.Serving.Sources;
using Microsoft.Extensions.Options;

namespace Granary.Api.TorchServe.Management;

/// <summary>The directories where archives are: those of this protocol, and the model repositories on this disk.</summary>
internal sealed class ModelStores(IOptions<TorchServeOptions> options, IOptions<ModelRepositoryOptions> repositories)
{
    private static readonly string[] Archives = [".mar", ".tar.gz", ".tgz"];

    private readonly string[] _directories =
    [
        .. options.Value.ModelStores
            .Concat(repositories.Value.Paths.Where(static path => !path.Contains("://", StringComparison.Ordinal) && !path.StartsWith("blob/", StringComparison.Ordinal)))
            .Where(static path => path.Length > 0)
            .Select(Path.GetFullPath)
            .Distinct(StringComparer.Ordinal),
    ];

    /// <summary>Where downloads go.</summary>
    /// <exception cref="TorchServeException">400: there is no store.</exception>
    public string First => _directories.Length > 0
        ? _directories[0]
        : throw TorchServeException.BadRequest("there is no model store; start the service with --model-store=DIR");

    /// <summary>The file or directory of that name, without links; null when no store has it.</summary>
    /// <param name="name">Relative to a store, or a path inside one.</param>
    /// <exception cref="TorchServeException">404: it leads out of the stores.</exception>
    public string? Find(string name)
    {
        foreach (var store in _directories)
        {
            // An absolute name stays as it is.
            if (RealPath.Find(Path.Combine(store, name)) is not { } real)
                continue;
            if (RealPath.Find(store) is { } root && RealPath.IsInside(real, root))
                return real;
            if (!Path.IsPathRooted(name))
                throw new TorchServeException(StatusCodes.Status404NotFound, "ModelNotFoundException", $"Model not found at: {name} leads out of the model store");
        }

        return null;
    }

    /// <summary>Names of all archives, for <c>all</c>: files, and directories with a manifest.</summary>
    public IReadOnlyList<string> ListArchives()
    {
        var names = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var store in _directories.Where(Directory.Exists))
        {
            foreach (var entry in Directory.EnumerateFileSystemEntries(store))
            {
                var name = Path.GetFileName(entry);
                var isArchive = Directory.Exists(entry)
                    ? File.Exists(Path.Combine(entry, "MAR-INF", "MANIFEST.json"))
                    : Archives.Any(ending => name.EndsWith(ending, StringComparison.OrdinalIgnoreCase));
                if (isArchive && !name.StartsWith('.'))
                    names.Add(name);
            }
        }

        return [.. names];
    }

    /// <summary>Whether a path is inside a store.</summary>
    public bool Holds(string path) => _directories.Any(store => RealPath.Find(store) is { } root && RealPath.IsInside(path, root));
}
