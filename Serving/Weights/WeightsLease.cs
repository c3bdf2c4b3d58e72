namespace Granary.Serving.Weights;

/// <summary>A file that stays on disk until this is disposed.</summary>
public sealed class WeightsLease(string path, string sha256, long length, string? revision, IDisposable? release) : IDisposable
{
    private IDisposable? _release = release;

    /// <summary>Where the file is on this host; never shown to a client.</summary>
    public string Path { get; } = path;

    /// <summary>SHA-256 of the content, lower-case hex.</summary>
    public string Sha256 { get; } = sha256;

    /// <summary>Length in bytes.</summary>
    public long Length { get; } = length;

    /// <summary>What the source calls this state: a commit, a transaction id, an ETag; null when it has no such thing.</summary>
    public string? Revision { get; } = revision;

    /// <summary>Allows the file to be evicted again. Safe to call twice.</summary>
    public void Dispose() => Interlocked.Exchange(ref _release, null)?.Dispose();
}
