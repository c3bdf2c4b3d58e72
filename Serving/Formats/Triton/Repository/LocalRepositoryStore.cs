using System.Security.Cryptography;
using System.Text;
using Granary.Serving.Models;
using Granary.Serving.Sources;
using Granary.Serving.Weights;

namespace Granary.Serving.Formats.Triton.Repository;

/// <summary>
/// A repository in a directory of this host. Links are followed as long as they stay inside the repository, as mounted volumes of
/// Kubernetes make them; one that leads out is shown with a fault and never read.
/// </summary>
internal sealed class LocalRepositoryStore(string directory, string? id = null) : IRepositoryStore
{
    private const int MaxDepth = 6;
    private readonly string _root = Path.TrimEndingDirectorySeparator(Path.GetFullPath(directory));
    private readonly LocalHashes _hashes = new();

    public string Id { get; } = id ?? MakeId(Path.TrimEndingDirectorySeparator(Path.GetFullPath(directory)));

    /// <summary>The directory.</summary>
    public string Root => _root;

    /// <summary>Why files below a directory could have no model id; null when they can.</summary>
    public static string? PathFault(string directory) =>
        ModelIdParser.Fault(new ModelId(ModelSourceKind.Local, Path.GetFullPath(directory), null, null)) is null
            ? null
            : "has a colon, a backslash or an invisible character in its path; use another directory or a link to it";

    public Task<IReadOnlyList<RepositoryFile>> ListAsync(string? model, CancellationToken cancellation) => Task.Run<IReadOnlyList<RepositoryFile>>(() =>
    {
        var files = new List<RepositoryFile>();
        Guard(() =>
        {
            var realRoot = RealPath.Find(_root) ?? throw new DirectoryNotFoundException();
            var start = model is null ? _root : Path.Join(_root, model);
            if (model is null || Directory.Exists(start))
                Walk(start, model is null ? 0 : 1, realRoot, files, cancellation);
        });
        return files;
    }, cancellation);

    public async Task<byte[]> ReadAsync(RepositoryFile file, int maxBytes, CancellationToken cancellation)
    {
        if (file.Length > maxBytes)
            throw new ServingException(ServingError.TooLarge, $"'{file.Path}' has {file.Length:N0} bytes; at most {maxBytes:N0} are read");
        return await GuardAsync(file, () => File.ReadAllBytesAsync(FullPath(file), cancellation)).ConfigureAwait(false);
    }

    public async Task<string?> HashAsync(RepositoryFile file, CancellationToken cancellation) =>
        await GuardAsync(file, () => _hashes.GetAsync(FullPath(file), cancellation)).ConfigureAwait(false);

    public ModelId SourceOf(RepositoryFile file) => new(ModelSourceKind.Local, FullPath(file), null, null);

    private string FullPath(RepositoryFile file) => $"{_root}/{file.Path}";

    private void Walk(string folder, int depth, string realRoot, List<RepositoryFile> files, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        foreach (var path in Directory.EnumerateFileSystemEntries(folder).Order(StringComparer.Ordinal))
        {
            if (Path.GetFileName(path).StartsWith('.'))
                continue;
            var relative = Path.GetRelativePath(_root, path);
            var real = RealPath.Find(path);
            if (real is null || !RealPath.IsInside(real, realRoot))
                files.Add(new RepositoryFile(relative, 0, "") { Fault = real is null ? "is a broken link" : "is a link that leads out of the repository" });
            else if (!Directory.Exists(real))
                Add(relative, new FileInfo(real), depth, files);
            else if (depth < MaxDepth)
                Walk(path, depth + 1, realRoot, files, cancellation);
        }
    }

    private static void Add(string relative, FileInfo info, int depth, List<RepositoryFile> files)
    {
        // Files beside the models belong to none.
        if (depth > 0 && info.Exists)
            files.Add(new RepositoryFile(relative, info.Length, $"{info.Length}@{info.LastWriteTimeUtc.Ticks}"));
    }

    private static void Guard(Action read)
    {
        try
        {
            read();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new ServingException(ServingError.SourceFailed, "the model repository cannot be read now (the log says why)", error);
        }
    }

    private static async Task<T> GuardAsync<T>(RepositoryFile file, Func<Task<T>> read)
    {
        try
        {
            return await read().ConfigureAwait(false);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new ServingException(ServingError.SourceFailed, $"'{file.Path}' of the model repository cannot be read now (the log says why)", error);
        }
    }

    // The path itself must not leave the server; a part of its hash tells two repositories of one name apart.
    private static string MakeId(string root)
    {
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(root)))[..8];
        return $"{Path.GetFileName(root)}-{hash}";
    }
}
