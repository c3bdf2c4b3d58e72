using System.Buffers.Binary;
using System.Text;
using Granary.Serving.Formats.Pickles;

namespace Granary.Serving.Formats;

/// <summary>Where one member of a zip file is.</summary>
/// <param name="Name">Its path.</param>
/// <param name="Method">0: stored, 8: deflated.</param>
/// <param name="Length">Packed length in bytes.</param>
/// <param name="Offset">Where its local header begins.</param>
internal readonly record struct ZipMember(string Name, int Method, long Length, long Offset)
{
    /// <summary>Unpacked length in bytes, as the directory claims.</summary>
    public long UnpackedLength { get; init; }

    /// <summary>The name within the folder that torch puts everything into, for messages.</summary>
    public string ShortName => PrintableText.Of(Name[(Name.IndexOf('/') + 1)..], 60);

    /// <summary>A path as text, cut where no member of a model is as long.</summary>
    public static string NameOf(ReadOnlySpan<byte> utf8) => Encoding.UTF8.GetString(utf8[..Math.Min(utf8.Length, 256)]);

    /// <summary>Reads a directory entry; sizes of 4 GiB and more are in the zip64 extra field (APPNOTE 4.5.3).</summary>
    public static ZipMember Read(ReadOnlySpan<byte> header, ReadOnlySpan<byte> extra, string name)
    {
        long packed = BinaryPrimitives.ReadUInt32LittleEndian(header[20..]);
        long unpacked = BinaryPrimitives.ReadUInt32LittleEndian(header[24..]);
        long offset = BinaryPrimitives.ReadUInt32LittleEndian(header[42..]);
        var wide = FindZip64(extra);
        if (unpacked == uint.MaxValue)
            unpacked = Take(ref wide);
        if (packed == uint.MaxValue)
            packed = Take(ref wide);
        if (offset == uint.MaxValue)
            offset = Take(ref wide);
        if (packed < 0 || offset < 0 || unpacked < 0)
            throw new DamagedZipException("a member lies outside the file");
        return new ZipMember(name, BinaryPrimitives.ReadUInt16LittleEndian(header[10..]), packed, offset) { UnpackedLength = unpacked };
    }

    private static ReadOnlySpan<byte> FindZip64(ReadOnlySpan<byte> extra)
    {
        while (extra.Length >= 4)
        {
            var id = BinaryPrimitives.ReadUInt16LittleEndian(extra);
            int length = BinaryPrimitives.ReadUInt16LittleEndian(extra[2..]);
            extra = extra[4..];
            if (length > extra.Length)
                break;
            if (id == 1)
                return extra[..length];
            extra = extra[length..];
        }

        return default;
    }

    private static long Take(ref ReadOnlySpan<byte> wide)
    {
        if (wide.Length < 8)
            throw new DamagedZipException("a zip64 size is missing");
        var value = BinaryPrimitives.ReadInt64LittleEndian(wide);
        wide = wide[8..];
        return value;
    }
}
