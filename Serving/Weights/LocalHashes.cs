using System.Collections.Concurrent;
using System.Security.Cryptography;

namespace Granary.Serving.Weights;

/// <summary>SHA-256 of files that are used in place, computed once per path, length and time of change.</summary>
internal sealed class LocalHashes
{
    private const int Capacity = 1024;
    private readonly ConcurrentDictionary<string, Entry> _entries = new(StringComparer.Ordinal);

    public async Task<string> GetAsync(string path, CancellationToken cancellation)
    {
        var info = new FileInfo(path);
        var (length, changed) = (info.Length, info.LastWriteTimeUtc);
        if (_entries.TryGetValue(path, out var known) && known.Length == length && known.Changed == changed)
            return known.Sha256;
        var options = new FileStreamOptions { BufferSize = 1 << 18, Options = FileOptions.SequentialScan };
        await using var stream = new FileStream(path, options);
        var sha256 = Convert.ToHexStringLower(await SHA256.HashDataAsync(stream, cancellation).ConfigureAwait(false));
        if (_entries.Count >= Capacity)
            _entries.Clear();
        _entries[path] = new Entry(length, changed, sha256);
        return sha256;
    }

    private readonly record struct Entry(long Length, DateTime Changed, string Sha256);
}
