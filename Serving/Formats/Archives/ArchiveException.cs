namespace Granary.Serving.Formats.Archives;

/// <summary>An archive cannot be trusted; the message completes "… is refused: …" and is fit for people.</summary>
internal sealed class ArchiveException(string message) : Exception(message);
