namespace Granary.Serving.Sources;

/// <summary>Content on its way.</summary>
/// <param name="content">The bytes.</param>
/// <param name="offset">Where they begin in the file; 0 when the source did not honour the offset asked for.</param>
/// <param name="length">Length of the whole file; null when unknown.</param>
/// <param name="validator">Strong validator for resuming these bytes; null when there is none.</param>
/// <param name="owner">Closed with the stream.</param>
internal sealed class SourceStream(Stream content, long offset, long? length, string? validator, IDisposable? owner = null) : IDisposable
{
    public Stream Content { get; } = content;

    public long Offset { get; } = offset;

    public long? Length { get; } = length;

    public string? Validator { get; } = validator;

    public void Dispose()
    {
        Content.Dispose();
        owner?.Dispose();
    }
}
