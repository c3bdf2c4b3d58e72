using Granary.Serving.Clusters;
using Granary.Serving.Models;

namespace Granary.Api.Infernet;

/// <summary>
/// Keeps the slowly changing part of <c>/service-resources</c> as ready bytes. A node gives an answer one second, so nothing is
/// asked of the system while it waits: a stale snapshot is served once more while the next one is made.
/// </summary>
internal sealed partial class ResourceSnapshots(
    IModelCluster cluster,
    IModelCatalog catalog,
    TimeProvider time,
    ILogger<ResourceSnapshots> logger)
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(5);

    private readonly Lock _gate = new();
    private readonly Lazy<CpuFacts> _cpu = new(HostFacts.ReadCpu);
    private Task<byte[]>? _current;
    private Task? _refresh;
    private long _madeAt;

    /// <summary>The properties from <c>version</c> to <c>compute_capability</c>, without the closing brace.</summary>
    public Task<byte[]> GetAsync()
    {
        lock (_gate)
        {
            if (_current is null or { IsFaulted: true })
            {
                _madeAt = time.GetTimestamp();
                return _current = Task.Run(MakeAsync);
            }

            if (_current.IsCompleted && _refresh is null or { IsCompleted: true } && time.GetElapsedTime(_madeAt) > Lifetime)
                _refresh = Task.Run(RefreshAsync);
            return _current;
        }
    }

    private async Task RefreshAsync()
    {
        try
        {
            var bytes = await MakeAsync();
            lock (_gate)
                _current = Task.FromResult(bytes);
        }
        catch (Exception exception)
        {
            LogRefreshFailed(exception);
        }

        lock (_gate)
            _madeAt = time.GetTimestamp();
    }

    private async Task<byte[]> MakeAsync()
    {
        var models = new List<CachedModel>();
        foreach (var status in await cluster.ListAsync())
        {
            if (status.State == ModelState.Ready && await FindSourceAsync(status.Key) is { } source)
                models.Add(new CachedModel(source, status.Sha256));
        }

        return ResourceWriter.Write(_cpu.Value, HostFacts.ReadDisks(), GpuInventory.Read(), EngineFacts.Read(), models);
    }

    private async ValueTask<ModelId?> FindSourceAsync(ModelKey key)
    {
        if (key.IsAdHoc)
            return ModelIdParser.TryParse(key.Name, out var id, out _) ? id : null;
        var model = await catalog.FindAsync(key.Name);
        return model?.Find(key.Version)?.Source;
    }

    [LoggerMessage(LogLevel.Warning, "The resources of this host could not be read; /service-resources keeps its last answer")]
    private partial void LogRefreshFailed(Exception exception);
}

/// <summary>A model in memory, as a node lists it.</summary>
internal sealed record CachedModel(ModelId Source, string? Sha256);
