namespace Granary.Serving.Formats;

/// <summary>What <see cref="ArchiveSniffer"/> found.</summary>
/// <param name="Kind">The kind of file.</param>
/// <param name="Detail">A class name or what is damaged; null when there is nothing to add. Printable and short.</param>
internal readonly record struct SniffedArchive(ArchiveKind Kind, string? Detail = null);
