using System.Diagnostics.CodeAnalysis;
using Granary.Torch;

namespace Granary.Serving.Responses;

/// <summary>
/// The answers of one stay of one model version in memory, within the cache of the host. They end with it: a model that is loaded anew
/// may be another one. Safe for concurrent use.
/// </summary>
internal sealed class ResponseScope(ResponseCache cache) : IDisposable
{
    /// <summary>Guarded by the lock of the cache.</summary>
    internal Dictionary<RequestDigest, CachedResponse> Responses { get; } = [];

    /// <summary>Guarded by the lock of the cache.</summary>
    internal bool IsClosed { get; set; }

    /// <summary>The answer to an earlier request of that digest; the caller disposes it.</summary>
    public bool TryGet(RequestDigest digest, [NotNullWhen(true)] out Value? value) => cache.TryGet(this, digest, out value);

    /// <summary>Keeps a copy of an answer, if there is room for it.</summary>
    public void Add(RequestDigest digest, Value value) => cache.Add(this, digest, value);

    /// <summary>Gives every answer up and keeps none from then on.</summary>
    public void Dispose() => cache.Close(this);
}
