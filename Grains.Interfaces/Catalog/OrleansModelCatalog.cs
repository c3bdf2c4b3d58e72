using Granary.Grains.Interfaces.Contracts;

namespace Granary.Grains.Interfaces.Catalog;

/// <summary>
/// The catalog as a client or a silo sees it: reads come from the last snapshot, which <see cref="RefreshAsync"/> keeps young;
/// a name that the snapshot lacks is looked up in the grain before it counts as missing. Writes go to the grain and are seen
/// here at once.
/// </summary>
public sealed class OrleansModelCatalog(IGrainFactory grains) : IModelCatalog
{
    private readonly Lock _gate = new();
    private Snapshot _snapshot = Snapshot.Empty;

    /// <summary>The revision of the snapshot; -1 before the first answer of the grain.</summary>
    public long Revision => Volatile.Read(ref _snapshot).Revision;

    /// <summary>The definition of a key as the snapshot has it; null when it is not there. Never leaves the process.</summary>
    public ModelDefinition? Peek(ModelKey key) =>
        Volatile.Read(ref _snapshot).Models.TryGetValue(key.Name, out var model) ? model.Find(key.Version) : null;

    /// <summary>Asks the grain for news.</summary>
    /// <returns>Whether anything changed.</returns>
    public async Task<bool> RefreshAsync()
    {
        var news = await CallAsync(grain => grain.GetChangesAsync(Revision));
        return news is not null && Adopt(news);
    }

    /// <inheritdoc/>
    public ValueTask<CatalogModel?> FindAsync(string name, CancellationToken cancellation = default) =>
        Volatile.Read(ref _snapshot).Models.TryGetValue(name, out var model) ? new(model) : FindInGrainAsync(name, cancellation);

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<CatalogModel>> ListAsync(CancellationToken cancellation = default)
    {
        await RefreshAsync().WaitAsync(cancellation);
        return Volatile.Read(ref _snapshot).Sorted;
    }

    /// <inheritdoc/>
    public async ValueTask RegisterAsync(ModelDefinition definition, bool makeDefault = false, CancellationToken cancellation = default)
    {
        cancellation.ThrowIfCancellationRequested();
        Adopt(await CallAsync(grain => grain.RegisterAsync(definition, makeDefault)));
    }

    /// <inheritdoc/>
    public async ValueTask ReplaceAsync(ModelDefinition definition, CancellationToken cancellation = default)
    {
        cancellation.ThrowIfCancellationRequested();
        Adopt(await CallAsync(grain => grain.ReplaceAsync(definition)));
    }

    /// <inheritdoc/>
    public async ValueTask SetDefaultAsync(ModelKey key, CancellationToken cancellation = default)
    {
        cancellation.ThrowIfCancellationRequested();
        Adopt(await CallAsync(grain => grain.SetDefaultAsync(key)));
    }

    /// <inheritdoc/>
    public async ValueTask<ModelDefinition> ScaleAsync(ModelKey key, int instances, CancellationToken cancellation = default)
    {
        cancellation.ThrowIfCancellationRequested();
        var after = await CallAsync(grain => grain.ScaleAsync(key, instances));
        Adopt(after);
        return after.Models.First(model => model.Name == key.Name).Find(key.Version)!;
    }

    /// <inheritdoc/>
    public async ValueTask<bool> DeleteAsync(ModelKey key, CancellationToken cancellation = default)
    {
        cancellation.ThrowIfCancellationRequested();
        var after = await CallAsync(grain => grain.DeleteAsync(key));
        if (after is null)
            return false;
        Adopt(after);
        return true;
    }

    private async Task<T> CallAsync<T>(Func<ICatalogGrain, Task<T>> call)
    {
        try
        {
            return await call(grains.GetGrain<ICatalogGrain>(ICatalogGrain.Key));
        }
        catch (Exception error) when (error is not ServingException)
        {
            // No silo yet, a silo that went, storage that is away: nothing that the caller did.
            throw new ServingException(ServingError.Unavailable, "the cluster's catalog cannot be reached now; try again shortly", error) { RetryAfter = TimeSpan.FromSeconds(2) };
        }
    }

    private async ValueTask<CatalogModel?> FindInGrainAsync(string name, CancellationToken cancellation)
    {
        // Another process may have registered the name a moment ago; a storm of unknown names costs the grain one small
        // question each, and no activation.
        await RefreshAsync().WaitAsync(cancellation);
        return Volatile.Read(ref _snapshot).Models.GetValueOrDefault(name);
    }

    private bool Adopt(CatalogContents news)
    {
        lock (_gate)
        {
            // Answers may overtake each other; only a newer one counts.
            if (news.Revision <= _snapshot.Revision)
                return false;
            Volatile.Write(ref _snapshot, new Snapshot(news.Revision, news.Models.ToDictionary(model => model.Name), news.Models));
            return true;
        }
    }

    private sealed record Snapshot(long Revision, IReadOnlyDictionary<string, CatalogModel> Models, IReadOnlyList<CatalogModel> Sorted)
    {
        public static readonly Snapshot Empty = new(-1, new Dictionary<string, CatalogModel>(), []);
    }
}
