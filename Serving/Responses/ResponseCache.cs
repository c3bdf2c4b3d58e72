using System.Diagnostics.CodeAnalysis;
using Granary.Torch;

namespace Granary.Serving.Responses;

/// <summary>
/// The answers that this host keeps, of all models together, up to a number of bytes; the one used longest ago leaves first. What an
/// answer was given out for stays valid when the answer leaves: tensors share their memory by references. Safe for concurrent use.
/// </summary>
internal sealed class ResponseCache(ResponseCacheOptions options)
{
    private readonly Lock _sync = new();
    private CachedResponse? _newest;
    private CachedResponse? _oldest;
    private long _bytes;
    private int _entries;
    private long _evictions;

    /// <summary>Whether anything can be kept.</summary>
    public bool IsEnabled => options.MaxBytes > 0;

    /// <summary>What it holds now.</summary>
    public ResponseCacheSnapshot Snapshot()
    {
        lock (_sync)
            return new ResponseCacheSnapshot(_entries, _bytes, options.MaxBytes, _evictions);
    }

    /// <summary>Room for the answers of one stay of a model; null when nothing is kept.</summary>
    public ResponseScope? Open() => IsEnabled ? new ResponseScope(this) : null;

    internal bool TryGet(ResponseScope scope, RequestDigest digest, [NotNullWhen(true)] out Value? value)
    {
        lock (_sync)
        {
            value = null;
            if (!scope.Responses.TryGetValue(digest, out var response))
                return false;
            if (response != _newest)
            {
                Unlink(response);
                LinkNewest(response);
            }

            // Under the lock: outside of it the entry could leave and give its memory back meanwhile.
            value = response.Value.Share();
            return true;
        }
    }

    internal void Add(ResponseScope scope, RequestDigest digest, Value value)
    {
        var bytes = CachedResponse.Measure(value);
        if (bytes > options.MaxBytes || Holds(scope, digest))
            return;
        // Outside the lock, because it copies what lies in native memory.
        var copy = value.Share();
        lock (_sync)
        {
            // Two equal requests can miss at once; the first answer stays.
            if (scope.IsClosed || scope.Responses.ContainsKey(digest))
            {
                copy.Dispose();
                return;
            }

            while (_bytes + bytes > options.MaxBytes)
            {
                Remove(_oldest!);
                _evictions++;
            }

            var response = new CachedResponse(scope, digest, copy, bytes);
            scope.Responses.Add(digest, response);
            LinkNewest(response);
            _bytes += bytes;
            _entries++;
        }
    }

    internal void Close(ResponseScope scope)
    {
        lock (_sync)
        {
            scope.IsClosed = true;
            foreach (var response in scope.Responses.Values.ToArray())
                Remove(response);
        }
    }

    private bool Holds(ResponseScope scope, RequestDigest digest)
    {
        lock (_sync)
            return scope.Responses.ContainsKey(digest);
    }

    private void Remove(CachedResponse response)
    {
        response.Scope.Responses.Remove(response.Digest);
        Unlink(response);
        _bytes -= response.Bytes;
        _entries--;
        response.Value.Dispose();
    }

    private void LinkNewest(CachedResponse response)
    {
        response.Older = _newest;
        response.Newer = null;
        if (_newest is null)
            _oldest = response;
        else
            _newest.Newer = response;
        _newest = response;
    }

    private void Unlink(CachedResponse response)
    {
        if (response.Newer is null)
            _newest = response.Older;
        else
            response.Newer.Older = response.Older;
        if (response.Older is null)
            _oldest = response.Newer;
        else
            response.Older.Newer = response.Newer;
    }
}
