namespace Granary.Serving.Formats.Archives;

/// <summary>A file of a zip archive as its directory describes it.</summary>
/// <param name="Member">Where it is.</param>
/// <param name="Checksum">CRC-32 of the unpacked bytes.</param>
/// <param name="RawName">The path as written, to compare with the copy at the file itself.</param>
internal sealed record ZipEntry(ZipMember Member, uint Checksum, byte[] RawName);
