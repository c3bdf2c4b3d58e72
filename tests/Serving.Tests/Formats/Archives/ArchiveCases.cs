using Granary.Serving.Tests.Support;

namespace Granary.Serving.Tests.Formats.Archives;

/// <summary>What make_archives.py writes; made once.</summary>
public sealed class ArchiveCases : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("granary-archives-");

    public ArchiveCases() => DebianPython.Run(Path.Combine(AppContext.BaseDirectory, "Formats", "Archives", "make_archives.py"), _folder.FullName);

    /// <summary>The path of an archive or directory.</summary>
    public string this[string name] => Path.Combine(_folder.FullName, name);

    public byte[] Request(string name) => File.ReadAllBytes(Path.Combine(_folder.FullName, "requests", name));

    public byte[] Answer(string file) => File.ReadAllBytes(Path.Combine(_folder.FullName, "answers", file));

    public void Dispose() => _folder.Delete(true);
}
