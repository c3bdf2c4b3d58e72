namespace Granary.Serving.Formats.Archives;

/// <summary>
/// A TorchServe model archive: a <c>.mar</c> (zip), a <c>.tar.gz</c> or a directory. Everything in it is checked when it is opened and
/// nothing of it is ever run; reading is bounded whatever the archive claims, and nothing is written but what the caller asks to be
/// copied into a stream of his. Blocks; not thread-safe.
/// </summary>
public sealed class ModelArchive : IDisposable
{
    private const int MaxManifestBytes = 1 << 20;

    // What an archive claims is not yet a reason to ask for memory.
    private const int MaxFirstBytes = 1 << 20;
    private readonly IArchiveContent _content;
    private readonly Dictionary<string, ArchiveFile> _files;

    private ModelArchive(IArchiveContent content, string source)
    {
        _content = content;
        Source = source;
        _files = content.Files.ToDictionary(static file => file.Name, StringComparer.Ordinal);
        Manifest = ArchiveManifest.Read(TryRead(ArchiveManifest.Path, MaxManifestBytes), source);
    }

    /// <summary>What messages call it.</summary>
    public string Source { get; }

    /// <summary>What <c>MAR-INF/MANIFEST.json</c> says.</summary>
    public ArchiveManifest Manifest { get; }

    /// <summary>Every file in the order of the names.</summary>
    public IReadOnlyList<ArchiveFile> Files => _content.Files;

    /// <summary>Whether the files lie on this disk as they are.</summary>
    public bool IsDirectory => _content is DirectoryContent;

    /// <summary>For a directory: what stands between the path that was opened and the files; empty, or a name with a slash.</summary>
    internal string Inner => _content is DirectoryContent directory ? directory.Inner : "";

    /// <summary>Opens an archive.</summary>
    /// <param name="path">Of the file or directory; what it is shows in its bytes, not in its name.</param>
    /// <param name="source">What messages call it, such as the URL that was asked for; never a path of this host.</param>
    /// <exception cref="ServingException"><see cref="ServingError.SourceFailed"/>: it is damaged or cannot be trusted;
    /// <see cref="ServingError.InvalidArgument"/>: its manifest lacks something; <see cref="ServingError.Unsupported"/>: it is no archive.</exception>
    public static ModelArchive Open(string path, string source) => Open(path, source, ArchiveLimits.Default);

    internal static ModelArchive Open(string path, string source, ArchiveLimits limits)
    {
        var content = Guard(source, () => OpenContent(path, source, limits));
        try
        {
            return new ModelArchive(content, source);
        }
        catch
        {
            content.Dispose();
            throw;
        }
    }

    /// <summary>The length of a file; null when there is none of that name.</summary>
    public long? LengthOf(string name) => _files.TryGetValue(name, out var file) ? file.LengthBytes : null;

    /// <summary>A small file; null when there is none of that name.</summary>
    /// <param name="name">Its path in the archive.</param>
    /// <param name="maxBytes">A longer one is refused before it is read.</param>
    /// <exception cref="ServingException"><see cref="ServingError.TooLarge"/>, or <see cref="ServingError.SourceFailed"/>: it is damaged.</exception>
    public byte[]? TryRead(string name, int maxBytes)
    {
        if (!_files.TryGetValue(name, out var file))
            return null;
        if (file.LengthBytes > maxBytes)
            throw new ServingException(ServingError.TooLarge, $"'{Source}': {Models.ModelIdText.Quote(name)} has {file.LengthBytes:N0} bytes; at most {maxBytes:N0} are allowed");
        using var bytes = new MemoryStream((int)Math.Min(file.LengthBytes, MaxFirstBytes));
        Extract(name, bytes);
        return bytes.ToArray();
    }

    /// <summary>Copies a file into a stream.</summary>
    /// <param name="name">Its path in the archive.</param>
    /// <param name="target">Gets the bytes; not to be used when this throws.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="ServingException"><see cref="ServingError.NotFound"/>, or <see cref="ServingError.SourceFailed"/>: it is damaged.</exception>
    public void Extract(string name, Stream target, CancellationToken cancellation = default)
    {
        if (!_files.ContainsKey(name))
            throw new ServingException(ServingError.NotFound, $"'{Source}' has no file {Models.ModelIdText.Quote(name)}");
        Guard(Source, () =>
        {
            _content.Copy(name, target, cancellation);
            return true;
        });
    }

    /// <summary>Closes the file.</summary>
    public void Dispose() => _content.Dispose();

    private static IArchiveContent OpenContent(string path, string source, ArchiveLimits limits)
    {
        if (Directory.Exists(path))
            return DirectoryContent.Open(path, limits);
        // Pipes and devices have no length either; opening one would block.
        if (new FileInfo(path) is { Exists: true, Length: 0 })
            throw Empty(source);
        var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 1);
        try
        {
            Span<byte> start = stackalloc byte[4];
            start = start[..stream.ReadAtLeast(start, 4, throwOnEndOfStream: false)];
            if (start.StartsWith("PK"u8))
                return ZipContent.Open(stream, limits);
            if (start.StartsWith((ReadOnlySpan<byte>)[0x1f, 0x8b]))
                return TarContent.Open(stream, limits);
            throw start.IsEmpty
                ? Empty(source)
                : new ServingException(ServingError.Unsupported, $"'{source}' is no model archive: a .mar (zip), a .tar.gz and a directory are read");
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    private static ServingException Empty(string source) => new(ServingError.SourceFailed, $"'{source}' is empty");

    private static T Guard<T>(string source, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (ArchiveException error)
        {
            throw new ServingException(ServingError.SourceFailed, $"'{source}' is refused: {error.Message}", error);
        }
        catch (DamagedZipException error)
        {
            throw new ServingException(ServingError.SourceFailed, $"'{source}' is damaged: {error.Message}; it was probably cut off on its way: upload it again", error);
        }
        catch (EndOfStreamException error)
        {
            throw new ServingException(ServingError.SourceFailed, $"'{source}' is damaged: it is cut off; upload it again", error);
        }
    }
}
