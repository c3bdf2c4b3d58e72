using Granary.Serving.Models;

namespace Granary.Serving.Formats.Archives;

/// <summary>The files of an archive by path, checked as they are added.</summary>
/// <typeparam name="T">What it takes to read one.</typeparam>
internal sealed class ArchiveIndex<T>(ArchiveLimits limits)
{
    private readonly Dictionary<string, T> _files = new(StringComparer.Ordinal);
    private readonly HashSet<string> _directories = new(StringComparer.Ordinal);
    private int _entries;

    /// <summary>Every file, in no order.</summary>
    public IReadOnlyDictionary<string, T> Files => _files;

    /// <summary>Takes a directory.</summary>
    /// <exception cref="ArchiveException">One too many, or its path is wrong.</exception>
    public void AddDirectory(string path)
    {
        limits.CheckCount(++_entries);
        ArchivePaths.Check(path, limits);
        var name = path.TrimEnd('/');
        if (_files.ContainsKey(name))
            throw Twice(name);
        _directories.Add(name);
        AddParents(name);
    }

    /// <summary>Takes a file.</summary>
    /// <exception cref="ArchiveException">One too many, its path is wrong or taken.</exception>
    public void AddFile(string path, T file)
    {
        limits.CheckCount(++_entries);
        ArchivePaths.Check(path, limits);
        if (_directories.Contains(path) || !_files.TryAdd(path, file))
            throw Twice(path);
        AddParents(path);
    }

    private void AddParents(string path)
    {
        for (var slash = path.LastIndexOf('/'); slash > 0; slash = path.LastIndexOf('/', slash - 1))
        {
            var parent = path[..slash];
            if (_files.ContainsKey(parent))
                throw Twice(parent);
            if (!_directories.Add(parent))
                return;
        }
    }

    private static ArchiveException Twice(string path) => new($"the path {ModelIdText.Quote(path)} is there twice");
}
