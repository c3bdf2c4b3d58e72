using System.Text;
using Granary.Serving.Models;

namespace Granary.Serving.Formats.Archives;

/// <summary>One block of 512 bytes before a file of a tar archive. Source: POSIX.1-2017, pax, "ustar Interchange Format", and GNU tar's manual, "Basic Tar Format".</summary>
/// <param name="Name">Path as bytes.</param>
/// <param name="Type">Type flag.</param>
/// <param name="Length">Bytes that follow, not padded.</param>
internal readonly record struct TarHeader(byte[] Name, char Type, long Length)
{
    /// <summary>Bytes of a block.</summary>
    public const int BlockBytes = 512;

    /// <summary>Reads a block.</summary>
    /// <exception cref="ArchiveException">It is no header.</exception>
    public static TarHeader Read(ReadOnlySpan<byte> block)
    {
        long sum = 8 * ' ';
        for (var i = 0; i < BlockBytes; i++)
            sum += i is >= 148 and < 156 ? 0 : block[i];
        if (Number(block[148..156]) != sum)
            throw new ArchiveException("a header of the tar file does not have its check sum: it is damaged");
        var name = Text(block[..100]);
        var prefix = block[257..263].SequenceEqual("ustar\0"u8) ? Text(block[345..500]) : default;
        return new TarHeader(prefix.IsEmpty ? name.ToArray() : [.. prefix, (byte)'/', .. name], (char)block[156], Number(block[124..136]));
    }

    /// <summary>The bytes before the first zero.</summary>
    public static ReadOnlySpan<byte> Text(ReadOnlySpan<byte> field) => field.IndexOf((byte)0) is var end and >= 0 ? field[..end] : field;

    /// <summary>Octal digits, or with the first bit set (GNU) a binary number.</summary>
    private static long Number(ReadOnlySpan<byte> field)
    {
        long number = 0;
        if ((field[0] & 0x80) != 0)
        {
            foreach (var value in field[1..])
                number = number >> 54 == 0 ? (number << 8) | value : throw Wrong(field);
            return field[0] == 0x80 ? number : throw Wrong(field);
        }

        foreach (var value in field.Trim(" \0"u8))
        {
            if (value is < (byte)'0' or > (byte)'7')
                throw Wrong(field);
            number = (number * 8) + (value - '0');
        }

        return number;
    }

    private static ArchiveException Wrong(ReadOnlySpan<byte> field) =>
        new($"a header of the tar file holds {ModelIdText.Quote(Encoding.Latin1.GetString(field))} where a number belongs");
}
