namespace Granary.Serving.Weights;

/// <summary>A file that goes with this object.</summary>
internal sealed class ScratchFile(string path) : IDisposable
{
    // Shared for reading: the lock keeps other processes from deleting it, and readers of this one in.
    private readonly FileStream _stream = new(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.Read | FileShare.Delete, bufferSize: 0);

    /// <summary>Where it is.</summary>
    public string Path { get; } = path;

    /// <summary>To be filled.</summary>
    public Stream Content => _stream;

    /// <inheritdoc/>
    public void Dispose()
    {
        File.Delete(Path);
        _stream.Dispose();
    }
}
