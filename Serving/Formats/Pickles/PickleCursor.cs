using System.Buffers.Binary;

namespace Granary.Serving.Formats.Pickles;

/// <summary>Reads a pickle from the front; every length is checked against what is left.</summary>
internal sealed class PickleCursor(byte[] bytes)
{
    /// <summary>Bytes read so far.</summary>
    public int Position { get; private set; }

    /// <summary>The next <paramref name="count"/> bytes.</summary>
    /// <exception cref="PickleException">There are not as many; so for everything below.</exception>
    public ReadOnlySpan<byte> Take(long count)
    {
        if (count < 0 || count > bytes.Length - Position)
            throw CutOff();
        var taken = bytes.AsSpan(Position, (int)count);
        Position += (int)count;
        return taken;
    }

    public byte Byte() => Position < bytes.Length ? bytes[Position++] : throw CutOff();

    public int UInt16() => BinaryPrimitives.ReadUInt16LittleEndian(Take(2));

    public int Int32() => BinaryPrimitives.ReadInt32LittleEndian(Take(4));

    public long UInt32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(4));

    public long Int64() => BinaryPrimitives.ReadInt64LittleEndian(Take(8));

    public double Double() => BinaryPrimitives.ReadDoubleBigEndian(Take(8));

    /// <summary>A line without its end, at most <paramref name="max"/> bytes long.</summary>
    public ReadOnlySpan<byte> Line(int max)
    {
        var rest = bytes.AsSpan(Position);
        var end = rest[..Math.Min(rest.Length, max + 1)].IndexOf((byte)'\n');
        if (end < 0)
            throw rest.Length > max ? PickleException.Refused($"names a class by more than {max} letters") : CutOff();
        Position += end + 1;
        return rest[..end];
    }

    private static PickleException CutOff() => PickleException.Damaged("its pickle ends in the middle");
}
