using Granary.Grains.Interfaces.Contracts;

namespace Granary.Grains.Interfaces;

/// <summary>The catalog of the whole cluster; there is one, with key <see cref="Key"/>. A write that returned is in storage.</summary>
[Alias("granary.ICatalogGrain")]
public interface ICatalogGrain : IGrainWithStringKey
{
    /// <summary>The key of the only catalog grain.</summary>
    const string Key = "catalog";

    /// <summary>Everything, unless the caller has it already.</summary>
    /// <param name="knownRevision">The revision the caller holds; -1 for none.</param>
    /// <returns>Null when nothing changed since.</returns>
    [Alias("GetChanges")]
    Task<CatalogContents?> GetChangesAsync(long knownRevision);

    /// <summary>As <see cref="IModelCatalog.RegisterAsync"/>; returns the state after it.</summary>
    [Alias("Register")]
    Task<CatalogContents> RegisterAsync(ModelDefinition definition, bool makeDefault);

    /// <summary>As <see cref="IModelCatalog.ReplaceAsync"/>; returns the state after it.</summary>
    [Alias("Replace")]
    Task<CatalogContents> ReplaceAsync(ModelDefinition definition);

    /// <summary>As <see cref="IModelCatalog.SetDefaultAsync"/>; returns the state after it.</summary>
    [Alias("SetDefault")]
    Task<CatalogContents> SetDefaultAsync(ModelKey key);

    /// <summary>As <see cref="IModelCatalog.ScaleAsync"/>; returns the state after it.</summary>
    [Alias("Scale")]
    Task<CatalogContents> ScaleAsync(ModelKey key, int instances);

    /// <summary>As <see cref="IModelCatalog.DeleteAsync"/>; returns the state after it, null when there was nothing to delete.</summary>
    [Alias("Delete")]
    Task<CatalogContents?> DeleteAsync(ModelKey key);
}
