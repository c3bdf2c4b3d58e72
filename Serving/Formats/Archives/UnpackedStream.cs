using System.Buffers.Binary;

namespace Granary.Serving.Formats.Archives;

/// <summary>What a decompressor gives, counted against the limits.</summary>
internal sealed class UnpackedStream(Stream stream, ArchiveLimits limits, long packed) : Stream
{
    private long _count;
    private Crc32 _checksum;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override int Read(Span<byte> buffer)
    {
        var count = stream.Read(buffer);
        _count += count;
        _checksum.Append(buffer[..count]);
        limits.CheckUnpacked(_count, packed);
        return count;
    }

    /// <summary>Whether what was read is what the last eight bytes of a gzip file vouch for: .NET takes a file without them for whole.</summary>
    public bool Matches(ReadOnlySpan<byte> trailer) => BinaryPrimitives.ReadUInt32LittleEndian(trailer) == _checksum.Value
        && BinaryPrimitives.ReadUInt32LittleEndian(trailer[4..]) == (uint)_count;

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
