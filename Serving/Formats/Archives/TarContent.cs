using System.Buffers;
using System.IO.Compression;

namespace Granary.Serving.Formats.Archives;

/// <summary>
/// A gzipped tar archive: <c>torch-model-archiver</c>'s format <c>tgz</c>, which puts everything below one directory, and SageMaker's,
/// which does not. The directory is taken away when everything is below it and no manifest stands beside it.
/// </summary>
internal sealed class TarContent : IArchiveContent
{
    private const int BufferBytes = 1 << 17;
    private readonly Stream _stream;
    private readonly ArchiveLimits _limits;
    private readonly Dictionary<string, string> _paths;

    private TarContent(Stream stream, ArchiveLimits limits, IReadOnlyDictionary<string, TarFile> files)
    {
        _stream = stream;
        _limits = limits;
        var strip = CommonDirectory(files.Keys);
        _paths = files.ToDictionary(pair => pair.Key[strip..], static pair => pair.Value.Raw, StringComparer.Ordinal);
        Files = [.. files.Select(pair => new ArchiveFile(pair.Key[strip..], pair.Value.Length)).OrderBy(static file => file.Name, StringComparer.Ordinal)];
    }

    /// <inheritdoc/>
    public IReadOnlyList<ArchiveFile> Files { get; }

    /// <summary>Reads the archive once from beginning to end. The stream is kept.</summary>
    /// <exception cref="ArchiveException">It cannot be trusted.</exception>
    public static TarContent Open(Stream stream, ArchiveLimits limits)
    {
        var index = new ArchiveIndex<TarFile>(limits);
        Walk(stream, limits, (reader, path, isDirectory, length) =>
        {
            var tidy = Tidy(path);
            if (tidy.Length > 0 && isDirectory)
                index.AddDirectory(tidy);
            else if (!isDirectory)
                index.AddFile(tidy, new TarFile(path, length));
            return true;
        });
        return new TarContent(stream, limits, index.Files);
    }

    /// <inheritdoc/>
    public void Copy(string name, Stream target, CancellationToken cancellation)
    {
        var wanted = _paths[name];
        Walk(_stream, _limits, (reader, path, isDirectory, _) =>
        {
            if (isDirectory || path != wanted)
                return true;
            Copy(reader, target, cancellation);
            return false;
        });
    }

    /// <inheritdoc/>
    public void Dispose() => _stream.Dispose();

    private static void Copy(TarReader reader, Stream target, CancellationToken cancellation)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            for (var count = reader.Read(buffer); count > 0; count = reader.Read(buffer))
            {
                cancellation.ThrowIfCancellationRequested();
                target.Write(buffer, 0, count);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static void Walk(Stream stream, ArchiveLimits limits, Func<TarReader, string, bool, long, bool> visit)
    {
        stream.Position = 0;
        using var gzip = new GZipStream(stream, CompressionMode.Decompress, leaveOpen: true);
        using var counted = new UnpackedStream(gzip, limits, stream.Length);
        try
        {
            var reader = new TarReader(counted, limits);
            while (reader.Next() is { } entry)
            {
                if (!visit(reader, entry.Path, entry.IsDirectory, entry.Length))
                    return;
            }

            counted.CopyTo(Stream.Null);
            Span<byte> trailer = stackalloc byte[8];
            stream.Position = stream.Length - trailer.Length;
            stream.ReadExactly(trailer);
            if (!counted.Matches(trailer))
                throw new ArchiveException("its gzip stream is cut off, or something follows it");
        }
        catch (InvalidDataException)
        {
            throw new ArchiveException("it cannot be unpacked: its gzip stream is damaged");
        }
    }

    /// <summary>What tar writes for "everything here": <c>./</c>.</summary>
    private static string Tidy(string path) => path is "." or "./" ? "" : path.StartsWith("./", StringComparison.Ordinal) ? path[2..] : path;

    private static int CommonDirectory(IEnumerable<string> paths)
    {
        string? common = null;
        foreach (var path in paths)
        {
            var slash = path.IndexOf('/');
            if (slash < 0 || path.StartsWith(ArchiveManifest.Directory + "/", StringComparison.Ordinal))
                return 0;
            common ??= path[..(slash + 1)];
            if (!path.StartsWith(common, StringComparison.Ordinal))
                return 0;
        }

        return common?.Length ?? 0;
    }

    /// <summary>A file as the archive calls it.</summary>
    private sealed record TarFile(string Raw, long Length);
}
