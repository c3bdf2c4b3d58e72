using System.Buffers.Binary;
using Granary.Serving.Models;

namespace Granary.Serving.Formats.Archives;

/// <summary>Checks the directory of a zip archive while it is read. Source: APPNOTE.TXT 6.3.10, section 4.4.</summary>
internal sealed class ZipEntries(ArchiveLimits limits, long archiveBytes) : IZipEntries
{
    private const int Unix = 3;
    private const int Darwin = 19;
    private const uint FileKind = 0xF000;
    private const uint RegularFile = 0x8000;
    private const uint UnixDirectory = 0x4000;
    private const uint DosDirectory = 0x10;
    private const uint DosReparsePoint = 0x400;
    private readonly ArchiveIndex<ZipEntry> _index = new(limits);
    private long _unpacked;

    /// <summary>The files.</summary>
    public IReadOnlyDictionary<string, ZipEntry> Files => _index.Files;

    /// <inheritdoc/>
    /// <exception cref="ArchiveException">The entry is not a plain file or directory within the limits.</exception>
    /// <exception cref="DamagedZipException">It contradicts itself.</exception>
    public void Add(ReadOnlySpan<byte> header, ReadOnlySpan<byte> extra, ReadOnlySpan<byte> name)
    {
        var path = ArchivePaths.Decode(name, limits);
        var flags = BinaryPrimitives.ReadUInt16LittleEndian(header[8..]);
        var member = ZipMember.Read(header, extra, path);
        if ((flags & 0x2041) != 0)
            throw Wrong(path, "is encrypted");
        if (member.Method is not (0 or 8))
            throw Wrong(path, $"is packed by method {member.Method}; only stored and deflated files are read");
        if (IsDirectory(header, path))
        {
            _index.AddDirectory(path);
            return;
        }

        if (member.Method == 0 && member.Length != member.UnpackedLength)
            throw Wrong(path, $"is stored, but its {member.Length:N0} bytes are said to become {member.UnpackedLength:N0}");
        _unpacked = member.UnpackedLength > limits.UnpackedBytes ? long.MaxValue : _unpacked + member.UnpackedLength;
        limits.CheckUnpacked(_unpacked, archiveBytes);
        _index.AddFile(path, new ZipEntry(member, BinaryPrimitives.ReadUInt32LittleEndian(header[16..]), name.ToArray()));
    }

    private static bool IsDirectory(ReadOnlySpan<byte> header, string path)
    {
        var attributes = BinaryPrimitives.ReadUInt32LittleEndian(header[38..]);
        var bySlash = path.EndsWith('/');
        if (header[5] is Unix or Darwin && (attributes >> 16 & FileKind) is var kind and not 0)
        {
            if (kind is not (RegularFile or UnixDirectory))
                throw Wrong(path, kind == 0xA000 ? "is a symbolic link" : "is a device, a pipe or a socket");
            if ((kind == UnixDirectory) != bySlash)
                throw Wrong(path, bySlash ? "ends like a directory but is a file" : "is a directory but does not end like one");
        }
        else if ((attributes & DosReparsePoint) != 0 && header[5] is not (Unix or Darwin))
        {
            throw Wrong(path, "is a symbolic link");
        }
        else if ((attributes & DosDirectory) != 0 && !bySlash)
        {
            throw Wrong(path, "is a directory but does not end like one");
        }

        return bySlash;
    }

    private static ArchiveException Wrong(string path, string what) => new($"{ModelIdText.Quote(path)} {what}");
}
