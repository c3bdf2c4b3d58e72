using System.Buffers;
using System.Buffers.Binary;
using System.IO.Compression;
using Granary.Serving.Models;

namespace Granary.Serving.Formats.Archives;

/// <summary>A zip archive: <c>torch-model-archiver</c>'s formats <c>default</c> (deflated) and <c>zip-store</c>.</summary>
internal sealed class ZipContent : IArchiveContent
{
    private const int BufferBytes = 1 << 17;
    private readonly Stream _stream;
    private readonly ZipDirectory _directory;
    private readonly IReadOnlyDictionary<string, ZipEntry> _entries;

    private ZipContent(Stream stream, ZipDirectory directory, IReadOnlyDictionary<string, ZipEntry> entries)
    {
        _stream = stream;
        _directory = directory;
        _entries = entries;
        Files = [.. entries.Select(static pair => new ArchiveFile(pair.Key, pair.Value.Member.UnpackedLength)).OrderBy(static file => file.Name, StringComparer.Ordinal)];
    }

    /// <inheritdoc/>
    public IReadOnlyList<ArchiveFile> Files { get; }

    /// <summary>Reads the directory of an archive and compares it with what stands at each file. The stream is kept.</summary>
    /// <exception cref="ArchiveException">It cannot be trusted.</exception>
    /// <exception cref="DamagedZipException">It is cut off or contradicts itself.</exception>
    public static ZipContent Open(Stream stream, ArchiveLimits limits)
    {
        var entries = new ZipEntries(limits, stream.Length);
        var directory = ZipDirectory.Read(stream, entries);
        var content = new ZipContent(stream, directory, entries.Files);
        content.CheckPlaces();
        return content;
    }

    /// <inheritdoc/>
    public void Copy(string name, Stream target, CancellationToken cancellation)
    {
        var entry = _entries[name];
        var member = entry.Member;
        try
        {
            _stream.Position = _directory.FindContent(member);
            using var window = new StreamWindow(_stream, member.Length);
            using var inflate = member.Method == 8 ? new DeflateStream(window, CompressionMode.Decompress, leaveOpen: true) : null;
            Copy(entry, (Stream?)inflate ?? window, target, cancellation);
        }
        catch (Exception error) when (error is InvalidDataException or DamagedZipException)
        {
            throw Wrong(name, "cannot be unpacked: it is damaged");
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _stream.Dispose();

    private static void Copy(ZipEntry entry, Stream source, Stream target, CancellationToken cancellation)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            var checksum = new Crc32();
            var left = entry.Member.UnpackedLength;
            while (true)
            {
                cancellation.ThrowIfCancellationRequested();
                var count = source.Read(buffer);
                if (count == 0)
                    break;
                left -= count;
                if (left < 0)
                    throw Wrong(entry.Member.Name, $"is longer than the {entry.Member.UnpackedLength:N0} bytes that the directory says");
                checksum.Append(buffer.AsSpan(0, count));
                target.Write(buffer, 0, count);
            }

            if (left > 0)
                throw Wrong(entry.Member.Name, $"is {left:N0} bytes shorter than the directory says");
            if (checksum.Value != entry.Checksum)
                throw Wrong(entry.Member.Name, "does not have its check sum: it is damaged");
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>No two files share bytes (which is how small bombs unpack to large ones), and each bears the name that the directory gives it.</summary>
    private void CheckPlaces()
    {
        long free = 0;
        Span<byte> header = stackalloc byte[30];
        foreach (var entry in _entries.Values.OrderBy(static entry => entry.Member.Offset))
        {
            var member = entry.Member;
            var content = _directory.FindContent(member);
            if (member.Offset < free)
                throw Wrong(member.Name, "overlaps another file of the archive");
            _stream.Position = member.Offset;
            _stream.ReadExactly(header);
            var name = new byte[BinaryPrimitives.ReadUInt16LittleEndian(header[26..])];
            _stream.ReadExactly(name);
            if (!name.AsSpan().SequenceEqual(entry.RawName))
                throw Wrong(member.Name, $"is called {ModelIdText.Quote(System.Text.Encoding.Latin1.GetString(name))} where it begins");
            if ((BinaryPrimitives.ReadUInt16LittleEndian(header[6..]) & 0x2041) != 0)
                throw Wrong(member.Name, "is encrypted");
            free = content + member.Length;
        }
    }

    private static ArchiveException Wrong(string path, string what) => new($"{ModelIdText.Quote(path)} {what}");
}
