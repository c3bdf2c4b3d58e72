using System.Buffers;
using System.Buffers.Binary;
using System.IO.Compression;

namespace Granary.Serving.Formats;

/// <summary>
/// Reads the directory at the end of a zip file within fixed bounds, whatever the file claims. Only what sniffing needs: names, and
/// the beginning of a member. Source: APPNOTE.TXT 6.3.10, sections 4.3.7, 4.3.12 to 4.3.16.
/// </summary>
internal sealed class ZipDirectory
{
    private const int EndLength = 22;
    private const int HeaderLength = 46;
    private const int MaxEntries = 1_000_000;
    private const long MaxDirectoryBytes = 256L << 20;
    private readonly Stream _stream;

    private readonly IZipEntries? _members;

    private ZipDirectory(Stream stream, IZipEntries? members)
    {
        _stream = stream;
        _members = members;
    }

    /// <summary>Members in the file.</summary>
    public int Count { get; private set; }

    /// <summary>Whether there is a member <c>root/constants.pkl</c>.</summary>
    public bool HasConstants { get; private set; }

    /// <summary>Whether there is a member below <c>root/code/</c>.</summary>
    public bool HasCode { get; private set; }

    /// <summary>Whether there is a TorchServe manifest.</summary>
    public bool HasManifest { get; private set; }

    /// <summary>Where <c>root/data.pkl</c> is; null when there is none.</summary>
    public ZipMember? Data { get; private set; }

    /// <summary>Reads the directory of a seekable stream.</summary>
    /// <param name="stream">The file.</param>
    /// <param name="members">Gets every member; null when only the facts of this class are wanted.</param>
    /// <exception cref="DamagedZipException">There is none, or it contradicts the file.</exception>
    public static ZipDirectory Read(Stream stream, IZipEntries? members = null)
    {
        var directory = new ZipDirectory(stream, members);
        var (offset, length, entries) = directory.FindEnd();
        if (offset < 0 || length < 0 || offset > stream.Length - length)
            throw new DamagedZipException("its directory lies outside the file");
        if (entries > MaxEntries || length > MaxDirectoryBytes)
            throw new DamagedZipException($"its directory claims {entries} members in {length} bytes, more than any model has");
        if (entries > length / HeaderLength)
            throw new DamagedZipException($"its directory claims {entries} members in only {length} bytes");
        directory.ReadEntries(offset, length, entries);
        return directory;
    }

    /// <summary>Up to <paramref name="max"/> bytes from the beginning of a member.</summary>
    /// <exception cref="DamagedZipException">The member is not where the directory says, or is packed in an unknown way.</exception>
    public byte[] ReadStart(ZipMember member, int max)
    {
        _stream.Position = FindContent(member);
        var buffer = new byte[(int)Math.Min(max, member.Method == 0 ? member.Length : max)];
        if (member.Method == 0)
            return buffer[.._stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false)];
        if (member.Method != 8)
            throw new DamagedZipException($"data.pkl is packed by method {member.Method}");
        try
        {
            using var inflate = new DeflateStream(_stream, CompressionMode.Decompress, leaveOpen: true);
            return buffer[..inflate.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false)];
        }
        catch (InvalidDataException)
        {
            throw new DamagedZipException("data.pkl cannot be unpacked");
        }
    }

    /// <summary>Where the content of a member begins.</summary>
    /// <exception cref="DamagedZipException">It is not where the directory says.</exception>
    public long FindContent(ZipMember member)
    {
        Span<byte> header = stackalloc byte[30];
        ReadAt(member.Offset, header);
        if (BinaryPrimitives.ReadUInt32LittleEndian(header) != 0x04034b50)
            throw new DamagedZipException($"{member.ShortName} is not where its directory says");
        var start = member.Offset + 30 + BinaryPrimitives.ReadUInt16LittleEndian(header[26..]) + BinaryPrimitives.ReadUInt16LittleEndian(header[28..]);
        if (start > _stream.Length || member.Length > _stream.Length - start)
            throw new DamagedZipException($"{member.ShortName} lies outside the file");
        return start;
    }

    private (long Offset, long Length, long Entries) FindEnd()
    {
        var tailLength = (int)Math.Min(_stream.Length, EndLength + ushort.MaxValue);
        var tail = ArrayPool<byte>.Shared.Rent(tailLength);
        try
        {
            var bytes = tail.AsSpan(0, tailLength);
            ReadAt(_stream.Length - tailLength, bytes);
            for (var at = tailLength - EndLength; at >= 0; at--)
            {
                var end = bytes[at..];
                if (BinaryPrimitives.ReadUInt32LittleEndian(end) != 0x06054b50 || BinaryPrimitives.ReadUInt16LittleEndian(end[20..]) > end.Length - EndLength)
                    continue;
                return FindEnd64(_stream.Length - tailLength + at) ?? (
                    BinaryPrimitives.ReadUInt32LittleEndian(end[16..]),
                    BinaryPrimitives.ReadUInt32LittleEndian(end[12..]),
                    BinaryPrimitives.ReadUInt16LittleEndian(end[10..]));
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(tail);
        }

        throw new DamagedZipException("the directory at its end is missing");
    }

    /// <summary>The zip64 end record, when its locator stands before the plain one.</summary>
    private (long Offset, long Length, long Entries)? FindEnd64(long end)
    {
        if (end < 20)
            return null;
        Span<byte> locator = stackalloc byte[20];
        ReadAt(end - 20, locator);
        if (BinaryPrimitives.ReadUInt32LittleEndian(locator) != 0x07064b50)
            return null;
        Span<byte> record = stackalloc byte[56];
        ReadAt(BinaryPrimitives.ReadInt64LittleEndian(locator[8..]), record);
        if (BinaryPrimitives.ReadUInt32LittleEndian(record) != 0x06064b50)
            throw new DamagedZipException("its zip64 directory is missing");
        return (BinaryPrimitives.ReadInt64LittleEndian(record[48..]), BinaryPrimitives.ReadInt64LittleEndian(record[40..]), BinaryPrimitives.ReadInt64LittleEndian(record[32..]));
    }

    private void ReadEntries(long offset, long length, long entries)
    {
        _stream.Position = offset;
        var buffered = new BufferedStream(_stream, 1 << 16);
        var left = length;
        var header = new byte[HeaderLength];
        var text = new byte[3 * ushort.MaxValue];
        for (long i = 0; i < entries; i++)
        {
            Fill(buffered, header, ref left);
            if (BinaryPrimitives.ReadUInt32LittleEndian(header) != 0x02014b50)
                throw new DamagedZipException($"entry {i} of its directory is not one");
            int name = BinaryPrimitives.ReadUInt16LittleEndian(header.AsSpan(28));
            int extra = BinaryPrimitives.ReadUInt16LittleEndian(header.AsSpan(30));
            int comment = BinaryPrimitives.ReadUInt16LittleEndian(header.AsSpan(32));
            Fill(buffered, text.AsSpan(0, name + extra + comment), ref left);
            Count++;
            Look(header, text.AsSpan(0, name), text.AsSpan(name, extra));
        }
    }

    private void Look(ReadOnlySpan<byte> header, ReadOnlySpan<byte> name, ReadOnlySpan<byte> extra)
    {
        _members?.Add(header, extra, name);
        // torch puts everything below one folder named after the file; TorchServe's manifest has a fixed place.
        if (name.SequenceEqual("MAR-INF/MANIFEST.json"u8))
            HasManifest = true;
        var slash = name.IndexOf((byte)'/');
        if (slash < 0)
            return;
        var inner = name[(slash + 1)..];
        if (inner.SequenceEqual("constants.pkl"u8))
            HasConstants = true;
        else if (inner.StartsWith("code/"u8))
            HasCode = true;
        else if (inner.SequenceEqual("data.pkl"u8))
            Data = ZipMember.Read(header, extra, ZipMember.NameOf(name));
    }

    private static void Fill(Stream stream, Span<byte> buffer, ref long left)
    {
        left -= buffer.Length;
        if (left < 0 || stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false) < buffer.Length)
            throw new DamagedZipException("its directory is cut off");
    }

    private void ReadAt(long offset, Span<byte> buffer)
    {
        if (offset < 0 || offset > _stream.Length - buffer.Length)
            throw new DamagedZipException("a record lies outside the file");
        _stream.Position = offset;
        _stream.ReadExactly(buffer);
    }
}
