using System.IO.Compression;
using System.Text;
using Granary.Serving.Formats.Archives;

namespace Granary.Serving.Tests.Formats.Archives;

/// <summary>Writes zip files byte by byte, so that they can lie.</summary>
internal sealed class ZipForge
{
    private readonly MemoryStream _file = new();
    private readonly MemoryStream _directory = new();
    private int _entries;

    /// <summary>Where the next file begins.</summary>
    public uint Position => (uint)_file.Position;

    /// <summary>A manifest that nothing is wrong with.</summary>
    public const string Manifest = """{"runtime":"python","model":{"modelName":"m","serializedFile":"model.pt","handler":"base_handler","modelVersion":"1.0"}}""";

    /// <summary>An archive with one more entry.</summary>
    public static byte[] With(Action<ZipForge> more)
    {
        var forge = new ZipForge().Add("model.pt", [1, 2, 3]).Add("MAR-INF/MANIFEST.json", Encoding.UTF8.GetBytes(Manifest));
        more(forge);
        return forge.ToArray();
    }

    public ZipForge Add(string name, byte[] content, bool deflate = false, Lie? lie = null)
    {
        lie ??= new Lie();
        var packed = deflate ? Deflate(content) : content;
        var raw = lie.Name ?? Encoding.UTF8.GetBytes(name);
        var crc = new Crc32();
        crc.Append(content);
        var checksum = lie.Checksum ?? crc.Value;
        var method = lie.Method ?? (deflate ? 8 : 0);
        var offset = lie.Offset ?? (uint)_file.Position;
        if (lie.Offset is null)
        {
            Write(_file, 0x04034b50u, (ushort)20, (ushort)(lie.LocalFlags ?? lie.Flags), (ushort)method, 0u, checksum, (uint)packed.Length, (uint)content.Length, (ushort)(lie.LocalName ?? raw).Length, (ushort)0);
            _file.Write(lie.LocalName ?? raw);
            _file.Write(packed);
        }

        Write(_directory, 0x02014b50u, (ushort)((lie.System << 8) | 20), (ushort)20, (ushort)lie.Flags, (ushort)method, 0u, checksum, lie.Packed ?? (uint)packed.Length, lie.Unpacked ?? (uint)content.Length, (ushort)raw.Length, (ushort)lie.Extra.Length, (ushort)0, (ushort)0, (ushort)0, lie.Attributes, offset);
        _directory.Write(raw);
        _directory.Write(lie.Extra);
        _entries++;
        return this;
    }

    public byte[] ToArray(ushort? entries = null, uint? directoryOffset = null)
    {
        var result = new MemoryStream();
        result.Write(_file.ToArray());
        result.Write(_directory.ToArray());
        Write(result, 0x06054b50u, (ushort)0, (ushort)0, entries ?? (ushort)_entries, entries ?? (ushort)_entries, (uint)_directory.Length, directoryOffset ?? (uint)_file.Length, (ushort)0);
        return result.ToArray();
    }

    public static byte[] Deflate(byte[] content)
    {
        var packed = new MemoryStream();
        using (var deflate = new DeflateStream(packed, CompressionLevel.Optimal, leaveOpen: true))
            deflate.Write(content);
        return packed.ToArray();
    }

    private static void Write(MemoryStream stream, params object[] fields)
    {
        using var writer = new BinaryWriter(stream, Encoding.ASCII, leaveOpen: true);
        foreach (var field in fields)
        {
            if (field is uint wide)
                writer.Write(wide);
            else
                writer.Write((ushort)field);
        }
    }

    /// <summary>What the directory, or the file itself, says instead of the truth.</summary>
    public sealed record Lie
    {
        public byte[]? Name { get; init; }

        public byte[]? LocalName { get; init; }

        public int Flags { get; init; }

        public int? LocalFlags { get; init; }

        public int? Method { get; init; }

        public uint? Checksum { get; init; }

        public uint? Packed { get; init; }

        public uint? Unpacked { get; init; }

        public uint? Offset { get; init; }

        /// <summary>3 is Unix.</summary>
        public int System { get; init; } = 3;

        public uint Attributes { get; init; } = 0x81A40000;

        public byte[] Extra { get; init; } = [];
    }
}
