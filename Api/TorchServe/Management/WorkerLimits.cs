using System.Collections.Concurrent;
using Granary.Serving.Formats.Archives;
using Granary.Serving.Models;

namespace Granary.Api.TorchServe.Management;

/// <summary>
/// The most workers of each model, as clients set them. There are never more than the least, as in TorchServe, so this is shown and nothing
/// else; after a restart the registration's number counts again.
/// </summary>
internal sealed class WorkerLimits
{
    private readonly ConcurrentDictionary<ModelKey, int> _scaled = new();

    /// <summary>What a client set, else the registration's.</summary>
    public int MaxWorkers(ModelDefinition definition) =>
        _scaled.TryGetValue(definition.Key, out var workers) ? workers : definition.Number(ArchiveAnnotations.MaxWorkers, 0);

    /// <summary>Remembers what a client set.</summary>
    public void Set(ModelKey key, int workers) => _scaled[key] = workers;

    /// <summary>Forgets a model.</summary>
    public void Remove(ModelKey key) => _scaled.TryRemove(key, out _);
}
