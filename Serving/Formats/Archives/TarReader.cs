using System.Globalization;
using System.Text;
using Granary.Serving.Models;

namespace Granary.Serving.Formats.Archives;

/// <summary>
/// Walks over a tar archive in constant memory: regular files and directories with their names in ustar, GNU or pax form. Anything
/// else (links, devices, sparse files) is refused.
/// </summary>
internal sealed class TarReader(Stream stream, ArchiveLimits limits)
{
    private const int MaxExtensionBytes = 1 << 16;
    private readonly byte[] _block = new byte[TarHeader.BlockBytes];
    private long _padding;

    /// <summary>Bytes of the current file that were not read yet.</summary>
    public long Left { get; private set; }

    /// <summary>Goes to the next file or directory; null at the end.</summary>
    /// <exception cref="ArchiveException">The archive is damaged, or this is neither.</exception>
    public (string Path, bool IsDirectory, long Length)? Next()
    {
        byte[]? name = null;
        long? length = null;
        while (true)
        {
            Skip(Left + _padding);
            Fill(_block);
            if (_block.AsSpan().IndexOfAnyExcept((byte)0) < 0)
                return null;
            var header = TarHeader.Read(_block);
            Start(header.Length);
            switch (header.Type)
            {
                case 'L':
                    name = TarHeader.Text(ReadExtension()).ToArray();
                    break;
                case 'x':
                    ReadPax(ReadExtension(), ref name, ref length);
                    break;
                case 'g':
                    // Properties of all files, such as the commit that git archive writes: none of them is a name.
                    ReadExtension();
                    break;
                default:
                    Start(length ?? header.Length);
                    return Describe(name ?? header.Name, header.Type);
            }
        }
    }

    /// <summary>Reads on in the current file.</summary>
    public int Read(Span<byte> buffer)
    {
        var part = buffer[..(int)Math.Min(buffer.Length, Left)];
        if (part.IsEmpty)
            return 0;
        Fill(part);
        Left -= part.Length;
        return part.Length;
    }

    private (string, bool, long) Describe(byte[] name, char type)
    {
        var path = ArchivePaths.Decode(name, limits);
        var what = type switch
        {
            '0' or '\0' or '7' or '5' => null,
            '1' or '2' or 'K' => "is a link",
            '3' or '4' or '6' => "is a device or a pipe",
            'S' => "is a sparse file",
            _ => $"is of the unknown type {ModelIdText.Quote([type])}",
        };
        if (what is not null)
            throw new ArchiveException($"{ModelIdText.Quote(path)} {what}");
        return (path, type == '5' || path.EndsWith('/'), Left);
    }

    private void Start(long length)
    {
        Left = length;
        _padding = -length & (TarHeader.BlockBytes - 1);
    }

    private byte[] ReadExtension()
    {
        if (Left > MaxExtensionBytes)
            throw new ArchiveException($"a header of the tar file has {Left:N0} bytes of properties; at most {MaxExtensionBytes:N0} are allowed");
        var bytes = new byte[Left];
        Read(bytes);
        return bytes;
    }

    /// <summary>Records of <c>length key=value\n</c>, the length counting itself.</summary>
    private static void ReadPax(ReadOnlySpan<byte> records, ref byte[]? name, ref long? length)
    {
        while (!records.IsEmpty)
        {
            var space = records.IndexOf((byte)' ');
            if (space < 1 || !int.TryParse(records[..space], NumberStyles.None, CultureInfo.InvariantCulture, out var size)
                || size <= space + 1 || size > records.Length || records[size - 1] != (byte)'\n')
                throw new ArchiveException("the properties in a header of the tar file are damaged");
            var record = records[(space + 1)..(size - 1)];
            records = records[size..];
            var equals = record.IndexOf((byte)'=');
            if (equals < 0)
                continue;
            var value = record[(equals + 1)..];
            var key = Encoding.Latin1.GetString(record[..equals]);
            if (key.StartsWith("GNU.sparse", StringComparison.Ordinal))
                throw new ArchiveException("it holds a sparse file");
            if (key == "path")
                name = value.ToArray();
            else if (key == "size")
                length = long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : throw new ArchiveException("the properties in a header of the tar file are damaged");
        }
    }

    private void Skip(long count)
    {
        Span<byte> buffer = stackalloc byte[4096];
        while (count > 0)
        {
            var part = buffer[..(int)Math.Min(count, buffer.Length)];
            Fill(part);
            count -= part.Length;
        }

        Left = _padding = 0;
    }

    private void Fill(Span<byte> buffer)
    {
        if (stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false) < buffer.Length)
            throw new ArchiveException("the tar file is cut off");
    }
}
