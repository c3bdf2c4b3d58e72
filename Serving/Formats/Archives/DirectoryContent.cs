using Granary.Serving.Models;
using Granary.Serving.Sources;

namespace Granary.Serving.Formats.Archives;

/// <summary>
/// A plain directory: <c>torch-model-archiver</c>'s format <c>no-archive</c>. A directory that holds one directory and nothing else is
/// that one. Links are followed only within it; what begins with a point is left out.
/// </summary>
internal sealed class DirectoryContent : IArchiveContent
{
    private readonly string _root;
    private readonly IReadOnlyDictionary<string, long> _lengths;

    private DirectoryContent(string root, string inner, IReadOnlyDictionary<string, long> files)
    {
        _root = root;
        Inner = inner;
        _lengths = files;
        Files = [.. files.Select(static pair => new ArchiveFile(pair.Key, pair.Value)).OrderBy(static file => file.Name, StringComparer.Ordinal)];
    }

    /// <summary>What stands between the directory that was named and the files: empty, or a name with a slash.</summary>
    public string Inner { get; }

    /// <inheritdoc/>
    public IReadOnlyList<ArchiveFile> Files { get; }

    /// <summary>Lists a directory.</summary>
    /// <exception cref="ArchiveException">It has too much in it, or links that lead out of it.</exception>
    public static DirectoryContent Open(string directory, ArchiveLimits limits)
    {
        var root = RealPath.Find(directory) ?? throw new ArchiveException("there is no such directory");
        var inner = "";
        if (Directory.EnumerateFileSystemEntries(root).Take(2).ToArray() is [var only] && File.GetAttributes(only).HasFlag(FileAttributes.Directory) && new FileInfo(only).LinkTarget is null)
        {
            inner = Path.GetFileName(only) + "/";
            root = only;
        }

        var index = new ArchiveIndex<long>(limits);
        Add(index, root, root, "");
        return new DirectoryContent(root, inner, index.Files);
    }

    /// <inheritdoc/>
    public void Copy(string name, Stream target, CancellationToken cancellation)
    {
        var path = RealPath.Find(Path.Join(_root, name));
        if (path is null || !RealPath.IsInside(path, _root))
            throw new ArchiveException($"{ModelIdText.Quote(name)} is gone");
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        using var window = new StreamWindow(file, _lengths[name]);
        window.CopyTo(target);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }

    private static void Add(ArchiveIndex<long> index, string root, string directory, string prefix)
    {
        foreach (var entry in new DirectoryInfo(directory).EnumerateFileSystemInfos())
        {
            if (entry.Name.StartsWith('.'))
                continue;
            var name = prefix + entry.Name;
            if (entry is DirectoryInfo && entry.LinkTarget is null)
            {
                index.AddDirectory(name);
                Add(index, root, entry.FullName, name + "/");
                continue;
            }

            var real = RealPath.Find(entry.FullName);
            if (real is null || !RealPath.IsInside(real, root))
                throw new ArchiveException($"{ModelIdText.Quote(name)} is a link that leads out of the directory, or nowhere");
            if (File.Exists(real))
                index.AddFile(name, new FileInfo(real).Length);
        }
    }
}
