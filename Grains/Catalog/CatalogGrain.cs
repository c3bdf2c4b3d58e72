using Orleans.Storage;

namespace Granary.Grains.Catalog;

/// <summary>
/// The catalog: one activation in the cluster, its state in grain storage. A write is in storage before it is acknowledged;
/// when another activation of a split cluster wrote in between, the state is read again and the edit made anew, so neither is lost.
/// </summary>
internal sealed class CatalogGrain([PersistentState("catalog", CatalogGrain.StorageName)] IPersistentState<CatalogState> state) : Grain, ICatalogGrain
{
    /// <summary>Name of the grain storage, as in <c>Orleans:GrainStorage:catalog</c>.</summary>
    public const string StorageName = "catalog";

    private const int MaxAttempts = 5;
    private CatalogSnapshot _catalog = CatalogSnapshot.Empty;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        Adopt();
        return Task.CompletedTask;
    }

    public Task<CatalogContents?> GetChangesAsync(long knownRevision) =>
        Task.FromResult(_catalog.Revision == knownRevision ? null : Contents());

    public Task<CatalogContents> RegisterAsync(ModelDefinition definition, bool makeDefault) =>
        EditAsync(catalog => catalog.Register(definition, makeDefault));

    public Task<CatalogContents> ReplaceAsync(ModelDefinition definition) => EditAsync(catalog => catalog.Replace(definition));

    public Task<CatalogContents> SetDefaultAsync(ModelKey key) => EditAsync(catalog => catalog.SetDefault(key));

    public Task<CatalogContents> ScaleAsync(ModelKey key, int instances) => EditAsync(catalog => catalog.Scale(key, instances));

    public async Task<CatalogContents?> DeleteAsync(ModelKey key)
    {
        var before = _catalog.Revision;
        var after = await EditAsync(catalog => catalog.Delete(key));
        return after.Revision == before ? null : after;
    }

    private async Task<CatalogContents> EditAsync(Func<CatalogSnapshot, CatalogSnapshot> edit)
    {
        for (var attempt = 1; ; attempt++)
        {
            var next = edit(_catalog);
            if (ReferenceEquals(next, _catalog))
                return Contents();
            var held = state.State.Json;
            state.State.Json = next.ToJson();
            try
            {
                await state.WriteStateAsync();
                _catalog = next;
                return Contents();
            }
            catch (InconsistentStateException) when (attempt < MaxAttempts)
            {
                await state.ReadStateAsync();
                Adopt();
            }
            catch
            {
                state.State.Json = held;
                throw;
            }
        }
    }

    private void Adopt() => _catalog = state.State.Json is { } json ? CatalogSnapshot.FromJson(json) : CatalogSnapshot.Empty;

    private CatalogContents Contents() => new() { Revision = _catalog.Revision, Models = [.. _catalog.Models] };
}
