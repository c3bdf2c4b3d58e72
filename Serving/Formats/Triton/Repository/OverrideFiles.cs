namespace Granary.Serving.Formats.Triton.Repository;

/// <summary>Keeps the files that come with load requests, each request's in a directory of its own.</summary>
internal sealed class OverrideFiles(string directory)
{
    private readonly string _root = Path.GetFullPath(directory);
    private readonly Dictionary<string, string> _current = new(StringComparer.Ordinal);

    /// <summary>The repository id of definitions that were made from such files.</summary>
    public string Id { get; } = new LocalRepositoryStore(directory).Id;

    /// <summary>Removes what an earlier process left.</summary>
    public void Clear()
    {
        if (Directory.Exists(_root))
            Directory.Delete(_root, recursive: true);
    }

    /// <summary>Writes the files and shows them as a model.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.InvalidArgument"/>: a path is wrong.</exception>
    public async Task<RepositoryModel> WriteAsync(string name, IReadOnlyDictionary<string, byte[]> files, CancellationToken cancellation)
    {
        var folder = Path.Join(_root, Guid.NewGuid().ToString("N"));
        try
        {
            foreach (var (path, content) in files)
            {
                var target = Target(Path.Join(folder, name), path);
                Directory.CreateDirectory(Path.GetDirectoryName(target)!);
                await File.WriteAllBytesAsync(target, content, cancellation);
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ServingException)
        {
            Delete(folder);
            throw error as ServingException ?? new ServingException(ServingError.InvalidArgument, "Invalid file parameter: the files cannot be written (the log says why)", error);
        }

        var store = new LocalRepositoryStore(folder, Id);
        return new RepositoryModel(name, store, await store.ListAsync(name, cancellation));
    }

    /// <summary>Notes which files a model runs on now, and removes those that it ran on before.</summary>
    /// <param name="name">The model.</param>
    /// <param name="model">What it runs on; null when it is not on such files.</param>
    public void Use(string name, RepositoryModel? model)
    {
        lock (_current)
        {
            if (_current.Remove(name, out var before))
                Delete(before);
            if (model is { Store: LocalRepositoryStore store })
                _current[name] = store.Root;
        }
    }

    /// <summary>Removes files that were not taken after all.</summary>
    public static void Drop(RepositoryModel model)
    {
        if (model.Store is LocalRepositoryStore store)
            Delete(store.Root);
    }

    private static string Target(string folder, string path)
    {
        var parts = path.Split('/');
        if (path.Length == 0 || parts.Any(static part => part is "" or "." or ".." || part.StartsWith('.') || part.Contains('\0') || part.Contains('\\')))
            throw new ServingException(ServingError.InvalidArgument, $"Invalid file parameter 'file:{TextFormat.TextErrors.Show(path)}' must stay within model directory.");
        return Path.Join(folder, path);
    }

    private static void Delete(string folder)
    {
        try
        {
            Directory.Delete(folder, recursive: true);
        }
        catch (DirectoryNotFoundException)
        {
        }
    }
}
