namespace Granary.Serving.Sources;

/// <summary>The content changed while it was being fetched; what was kept of it is worthless and the file must be resolved anew.</summary>
internal sealed class SourceChangedException() : Exception("the content changed at its source during the download");
