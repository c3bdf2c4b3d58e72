using Microsoft.Win32.SafeHandles;

namespace Granary.Serving.Weights;

/// <summary>
/// A file in use. A blob is held by a shared advisory lock of its open handle (flock), which keeps every process of the host from
/// evicting it and which the kernel frees when the holder dies.
/// </summary>
internal sealed class StoredFile(string path, string sha256, long length, string? revision, SafeFileHandle? handle, Action? released) : IDisposable
{
    private SafeFileHandle? _handle = handle;

    public string Path { get; } = path;

    public string Sha256 { get; } = sha256;

    public long Length { get; } = length;

    public string? Revision { get; } = revision;

    /// <summary>False for a file that is used in place and that the store does not own.</summary>
    public bool IsBlob { get; } = handle is not null;

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _handle, null) is not { } held)
            return;
        released?.Invoke();
        held.Dispose();
    }
}
