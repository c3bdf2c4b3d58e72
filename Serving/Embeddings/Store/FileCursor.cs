using System.Buffers;
using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;

namespace Granary.Serving.Embeddings.Store;

/// <summary>Reads a file from its beginning to its end, through a buffer. What it hands out is valid until the next call.</summary>
internal sealed class FileCursor : IDisposable
{
    private const int BufferBytes = 1 << 20;
    private readonly SafeFileHandle _file;
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
    private int _start;
    private int _end;
    private long _read;

    /// <exception cref="IOException">It cannot be opened.</exception>
    public FileCursor(string path)
    {
        _file = File.OpenHandle(path, options: FileOptions.SequentialScan);
        Length = RandomAccess.GetLength(_file);
    }

    /// <summary>Of the file, when it was opened.</summary>
    public long Length { get; }

    /// <summary>How many bytes were taken.</summary>
    public long Offset => _read - (_end - _start);

    /// <summary>How many are left.</summary>
    public long Remaining => Length - Offset;

    public uint ReadUInt32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(sizeof(uint)));

    public ulong ReadUInt64() => BinaryPrimitives.ReadUInt64LittleEndian(Take(sizeof(ulong)));

    /// <summary>A count of items that take at least some bytes each.</summary>
    public uint ReadCount(int itemBytes)
    {
        var offset = Offset;
        var count = ReadUInt32();
        return (ulong)count * (uint)itemBytes <= (ulong)Remaining
            ? count
            : throw new DamagedFileException(offset, $"{count} items of at least {itemBytes} bytes do not fit into the {Remaining} bytes that follow");
    }

    /// <summary>The next bytes, in one piece.</summary>
    public ReadOnlySpan<byte> Take(int count)
    {
        if (count > _end - _start)
            Fill(count);
        var taken = _buffer.AsSpan(_start, count);
        _start += count;
        return taken;
    }

    /// <summary>The last bytes of the file; does not move.</summary>
    public ulong ReadLastUInt64()
    {
        Span<byte> last = stackalloc byte[sizeof(ulong)];
        if (Length < last.Length || RandomAccess.Read(_file, last, Length - last.Length) < last.Length)
            throw new DamagedFileException(Length, $"the file ends after {Length} bytes");
        return BinaryPrimitives.ReadUInt64LittleEndian(last);
    }

    /// <summary>Goes back to the beginning.</summary>
    public void Rewind() => (_start, _end, _read) = (0, 0, 0);

    /// <summary>Checks that nothing follows.</summary>
    public void End()
    {
        if (Remaining != 0)
            throw new DamagedFileException(Offset, $"{Remaining} bytes follow behind the end");
    }

    public void Dispose()
    {
        _file.Dispose();
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
        (_start, _end) = (0, 0);
    }

    private void Fill(int count)
    {
        if (count > Remaining)
            throw new DamagedFileException(Offset, $"{count} bytes are expected and {Remaining} follow");
        var kept = _end - _start;
        var buffer = _buffer;
        if (count > _buffer.Length)
            buffer = ArrayPool<byte>.Shared.Rent(count);
        _buffer.AsSpan(_start, kept).CopyTo(buffer);
        if (buffer != _buffer)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = buffer;
        }

        (_start, _end) = (0, kept);
        while (_end < count)
        {
            var read = RandomAccess.Read(_file, _buffer.AsSpan(_end), _read);
            if (read == 0)
                throw new DamagedFileException(_read, "the file became shorter while it was read");
            _end += read;
            _read += read;
        }
    }
}
