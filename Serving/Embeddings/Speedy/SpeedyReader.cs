using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace Granary.Serving.Embeddings.Speedy;

/// <summary>
/// Reads the little-endian encoding of Rust's <c>speedy</c>: no tags, no alignment; a count of 32 bits before every list and text, a byte
/// before every option. Strict: counts are checked against what is left before anything is made, flags are 0 or 1.
/// Source: PersiaML/persia-speedy, <c>src/private.rs</c>.
/// </summary>
internal ref struct SpeedyReader(ReadOnlySpan<byte> bytes)
{
    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);
    private readonly ReadOnlySpan<byte> _bytes = bytes;

    /// <summary>How many bytes were read.</summary>
    public int Offset { get; private set; }

    /// <summary>How many are left.</summary>
    public readonly int Remaining => _bytes.Length - Offset;

    public byte ReadByte() => Take(1)[0];

    public ushort ReadUInt16() => BinaryPrimitives.ReadUInt16LittleEndian(Take(sizeof(ushort)));

    public uint ReadUInt32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(sizeof(uint)));

    public int ReadInt32() => BinaryPrimitives.ReadInt32LittleEndian(Take(sizeof(int)));

    public ulong ReadUInt64() => BinaryPrimitives.ReadUInt64LittleEndian(Take(sizeof(ulong)));

    public long ReadInt64() => BinaryPrimitives.ReadInt64LittleEndian(Take(sizeof(long)));

    /// <summary>A byte that is 0 or 1: a truth value, the flag of an option.</summary>
    public bool ReadFlag()
    {
        var offset = Offset;
        var value = ReadByte();
        return value <= 1 ? value == 1 : throw new SpeedyException(offset, $"a flag is {value}; expected 0 or 1");
    }

    /// <summary>The tag of an enumeration.</summary>
    /// <param name="count">How many tags there are, from 0 on.</param>
    /// <param name="what">What it is the tag of, for the error.</param>
    public int ReadTag(int count, string what)
    {
        var offset = Offset;
        var tag = ReadUInt32();
        return tag < count ? (int)tag : throw new SpeedyException(offset, $"{what} is {tag}; expected 0 to {count - 1}");
    }

    /// <summary>A count of items.</summary>
    /// <param name="itemBytes">The least that an item takes.</param>
    public int ReadCount(int itemBytes)
    {
        var offset = Offset;
        var count = ReadUInt32();
        return (ulong)count * (uint)itemBytes <= (uint)Remaining
            ? (int)count
            : throw new SpeedyException(offset, $"{count} items of at least {itemBytes} bytes do not fit into the {Remaining} bytes that follow");
    }

    /// <summary>A whole number of 64 bits that is a size.</summary>
    public long ReadSize()
    {
        var offset = Offset;
        var size = ReadUInt64();
        return size <= long.MaxValue ? (long)size : throw new SpeedyException(offset, $"a size is {size}");
    }

    public string ReadString()
    {
        var length = ReadCount(1);
        var offset = Offset;
        try
        {
            return Strict.GetString(Take(length));
        }
        catch (DecoderFallbackException)
        {
            throw new SpeedyException(offset, "a text is not UTF-8");
        }
    }

    /// <summary>Elements that lie in memory as they are encoded.</summary>
    public ReadOnlySpan<byte> ReadElements(int count, int elementBytes) => Take(checked(count * elementBytes));

    /// <summary>A list of numbers.</summary>
    public T[] ReadList<T>()
        where T : unmanaged
    {
        var size = Marshal.SizeOf<T>();
        var count = ReadCount(size);
        return MemoryMarshal.Cast<byte, T>(ReadElements(count, size)).ToArray();
    }

    /// <summary>Takes bytes as they are.</summary>
    public ReadOnlySpan<byte> Take(int count)
    {
        if (count > Remaining)
            throw new SpeedyException(Offset, $"{count} bytes are expected and {Remaining} follow");
        var taken = _bytes.Slice(Offset, count);
        Offset += count;
        return taken;
    }

    /// <summary>Checks that nothing follows.</summary>
    public readonly void End()
    {
        if (Remaining > 0)
            throw new SpeedyException(Offset, $"{Remaining} bytes follow behind the end");
    }
}
