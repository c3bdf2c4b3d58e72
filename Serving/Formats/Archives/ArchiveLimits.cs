namespace Granary.Serving.Formats.Archives;

/// <summary>What an archive may have at most, whatever it claims.</summary>
internal sealed record ArchiveLimits
{
    /// <summary>Those of the product.</summary>
    public static readonly ArchiveLimits Default = new();

    /// <summary>Files and directories.</summary>
    public int Entries { get; init; } = 4096;

    /// <summary>Bytes of a path in UTF-8.</summary>
    public int NameBytes { get; init; } = 512;

    /// <summary>Directories above a file, and the file.</summary>
    public int Depth { get; init; } = 16;

    /// <summary>Bytes of everything unpacked.</summary>
    public long UnpackedBytes { get; init; } = 64L << 30;

    /// <summary>How many times its own length an archive may unpack to, beyond <see cref="FreeBytes"/>. Weights shrink by a tenth.</summary>
    public int Ratio { get; init; } = 100;

    /// <summary>What any archive may unpack to: zeros shrink a thousandfold and small models are full of them.</summary>
    public long FreeBytes { get; init; } = 64L << 20;

    /// <summary>Throws when that much is more than an archive of a length may hold.</summary>
    /// <exception cref="ArchiveException">It is.</exception>
    public void CheckUnpacked(long unpacked, long packed)
    {
        if (unpacked > UnpackedBytes)
            throw new ArchiveException($"it unpacks to more than {UnpackedBytes:N0} bytes");
        if (unpacked > FreeBytes && unpacked / Ratio > packed)
            throw new ArchiveException($"it unpacks to more than {Ratio} times its own {packed:N0} bytes, as no model does");
    }

    /// <summary>Throws when there is one entry too many.</summary>
    /// <exception cref="ArchiveException">There is.</exception>
    public void CheckCount(long entries)
    {
        if (entries > Entries)
            throw new ArchiveException($"it has more than {Entries:N0} entries");
    }
}
