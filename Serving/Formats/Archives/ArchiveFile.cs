namespace Granary.Serving.Formats.Archives;

/// <summary>A regular file in an archive.</summary>
/// <param name="Name">Relative path with <c>/</c>, without <c>.</c> and <c>..</c>.</param>
/// <param name="LengthBytes">Unpacked; -1 where only reading tells.</param>
public sealed record ArchiveFile(string Name, long LengthBytes);
