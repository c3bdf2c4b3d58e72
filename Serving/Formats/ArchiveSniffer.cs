using System.Buffers.Binary;
using System.Text;
using Granary.Serving.Formats.Pickles;

namespace Granary.Serving.Formats;

/// <summary>Tells what a file is from its first bytes and, for a zip file, its directory. Reads a bounded part and executes nothing.</summary>
internal static class ArchiveSniffer
{
    private const int MaxPickleBytes = 1 << 20;

    /// <summary>Looks at a file.</summary>
    public static SniffedArchive Sniff(string path)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        return Sniff(stream);
    }

    /// <summary>Looks at a seekable stream.</summary>
    public static SniffedArchive Sniff(Stream stream)
    {
        if (stream.Length == 0)
            return new SniffedArchive(ArchiveKind.Empty);
        var buffer = new byte[(int)Math.Min(stream.Length, 4096)];
        stream.Position = 0;
        stream.ReadExactly(buffer);
        ReadOnlySpan<byte> start = buffer;
        if (start.StartsWith("PK\x03\x04"u8) || start.StartsWith("PK\x05\x06"u8))
            return SniffZip(stream);
        if (LegacyMagic.LengthIn(start) > 0)
            return new SniffedArchive(ArchiveKind.LegacyTorch);
        if (start.Length > 2 && start[0] == 0x80 && start[1] is >= 2 and <= 5)
            return new SniffedArchive(ArchiveKind.RawPickle, PickleLook.At(start).ForeignClass);
        return new SniffedArchive(SniffStart(start, stream.Length));
    }

    private static SniffedArchive SniffZip(Stream stream)
    {
        try
        {
            var directory = ZipDirectory.Read(stream);
            if (directory.HasManifest)
                return new SniffedArchive(ArchiveKind.ModelArchive);
            if (directory.HasConstants && directory.HasCode)
                return new SniffedArchive(ArchiveKind.TorchScript);
            return directory.Data is { } data
                ? SniffPickle(directory.ReadStart(data, MaxPickleBytes))
                : new SniffedArchive(ArchiveKind.OtherZip);
        }
        catch (DamagedZipException damage)
        {
            return new SniffedArchive(ArchiveKind.DamagedZip, damage.Message);
        }
    }

    private static SniffedArchive SniffPickle(ReadOnlySpan<byte> pickle)
    {
        var look = PickleLook.At(pickle);
        if (look.ForeignClass is { } name)
            return new SniffedArchive(ArchiveKind.PickledModule, name);
        return new SniffedArchive(look.IsDictionary ? ArchiveKind.StateDict : ArchiveKind.PickledValue);
    }

    private static ArchiveKind SniffStart(ReadOnlySpan<byte> start, long length)
    {
        if (start.StartsWith("version https://git-lfs"u8))
            return ArchiveKind.GitLfsPointer;
        if (start.Length > 8 && start[0] == 0x89 && start[1..4].SequenceEqual("HDF"u8))
            return ArchiveKind.Hdf5;
        if (start.StartsWith("GGUF"u8))
            return ArchiveKind.Gguf;
        if (start.Length > 2 && start[0] == 0x1f && start[1] == 0x8b)
            return ArchiveKind.Gzip;
        if (IsSafetensors(start, length))
            return ArchiveKind.Safetensors;
        if (IsOnnx(start))
            return ArchiveKind.Onnx;
        return SniffText(start);
    }

    /// <summary>Eight bytes of header length, then a JSON object of that length.</summary>
    private static bool IsSafetensors(ReadOnlySpan<byte> start, long length)
    {
        if (start.Length < 10 || start[8] != (byte)'{')
            return false;
        var header = BinaryPrimitives.ReadUInt64LittleEndian(start);
        return header > 1 && header <= (ulong)length - 8;
    }

    /// <summary>A protobuf that begins with field 1 (ir_version, a small number) and goes on with field 2 (producer) or 7 (graph), as texts or messages.</summary>
    private static bool IsOnnx(ReadOnlySpan<byte> start) =>
        start.Length > 4 && start[0] == 0x08 && start[1] is > 0 and < 0x20 && start[2] is 0x12 or 0x1a or 0x3a or 0x42;

    private static ArchiveKind SniffText(ReadOnlySpan<byte> start)
    {
        if (start.StartsWith("\uFEFF"u8))
            start = start[3..];
        start = start.TrimStart(" \t\r\n"u8);
        var text = Encoding.ASCII.GetString(start[..Math.Min(start.Length, 64)]);
        if (text.StartsWith("<!doctype", StringComparison.OrdinalIgnoreCase) || text.StartsWith("<html", StringComparison.OrdinalIgnoreCase)
            || text.StartsWith("<?xml", StringComparison.OrdinalIgnoreCase) || text.StartsWith("<head", StringComparison.OrdinalIgnoreCase))
            return ArchiveKind.Html;
        return text.StartsWith('{') || text.StartsWith('[') ? ArchiveKind.Json : ArchiveKind.Unknown;
    }
}
