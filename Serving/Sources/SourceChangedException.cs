namespace Granary.Serving.Sources;

/// <summary>What was resolved does not hold; what was kept of it is worthless and the file must be resolved anew.</summary>
/// <param name="problem">What does not hold; null when the content changed.</param>
internal sealed class SourceChangedException(string? problem = null) : Exception(problem ?? "the content changed at its source during the download")
{
    public string? Problem { get; } = problem;
}
