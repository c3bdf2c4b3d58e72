namespace Granary.Serving.Formats.Archives;

/// <summary>One way of packing files. Not thread-safe.</summary>
internal interface IArchiveContent : IDisposable
{
    /// <summary>Every file; paths are checked.</summary>
    IReadOnlyList<ArchiveFile> Files { get; }

    /// <summary>Copies a file; at most as many bytes as it was said to have.</summary>
    /// <param name="name">One of <see cref="Files"/>.</param>
    /// <param name="target">Gets the bytes; what it got when this throws is not to be used.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="ArchiveException">The file is damaged.</exception>
    void Copy(string name, Stream target, CancellationToken cancellation);
}
