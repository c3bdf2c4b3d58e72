using Orleans.Storage;

namespace Granary.Grains.Catalog;

/// <summary>
/// The catalog: one activation in the cluster, its state in grain storage. A write is in storage before it is acknowledged;
/// when another activation of a split cluster wrote in between, the state is read again and the edit made anew, so neither is lost.
/// </summary>
internal sealed class CatalogGrain([PersistentState("catalog", CatalogGrain.StorageName)] IPersistentState<CatalogContents> state) : Grain, ICatalogGrain
{
    /// <summary>Name of the grain storage, as in <c>Orleans:GrainStorage:catalog</c>.</summary>
    public const string StorageName = "catalog";

    private const int MaxAttempts = 5;

    public Task<CatalogContents?> GetChangesAsync(long knownRevision) =>
        Task.FromResult(state.State.Revision == knownRevision ? null : state.State);

    public Task<CatalogContents> RegisterAsync(ModelDefinition definition, bool makeDefault) =>
        EditAsync(catalog => catalog.Register(definition, makeDefault));

    public Task<CatalogContents> SetDefaultAsync(ModelKey key) => EditAsync(catalog => catalog.SetDefault(key));

    public Task<CatalogContents> ScaleAsync(ModelKey key, int instances) => EditAsync(catalog => catalog.Scale(key, instances));

    public async Task<CatalogContents?> DeleteAsync(ModelKey key)
    {
        var before = state.State.Revision;
        var after = await EditAsync(catalog => catalog.Delete(key));
        return after.Revision == before ? null : after;
    }

    private async Task<CatalogContents> EditAsync(Func<CatalogSnapshot, CatalogSnapshot> edit)
    {
        for (var attempt = 1; ; attempt++)
        {
            var before = new CatalogSnapshot(state.State.Revision, state.State.Models);
            var after = edit(before);
            if (ReferenceEquals(before, after))
                return state.State;
            var held = state.State;
            state.State = new CatalogContents { Revision = after.Revision, Models = [.. after.Models] };
            try
            {
                await state.WriteStateAsync();
                return state.State;
            }
            catch (InconsistentStateException) when (attempt < MaxAttempts)
            {
                await state.ReadStateAsync();
            }
            catch
            {
                state.State = held;
                throw;
            }
        }
    }
}
