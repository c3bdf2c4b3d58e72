using Granary.Serving.Models;

namespace Granary.Serving.Tests.Clusters;

/// <summary>A catalog in memory; a model keeps its record until it changes, as the contract says.</summary>
internal sealed class FakeCatalog : IModelCatalog
{
    private readonly Lock _sync = new();
    private Dictionary<string, CatalogModel> _models = [];

    public ValueTask<CatalogModel?> FindAsync(string name, CancellationToken cancellation = default) => new(_models.GetValueOrDefault(name));

    public ValueTask<IReadOnlyList<CatalogModel>> ListAsync(CancellationToken cancellation = default) =>
        new(_models.Values.OrderBy(model => model.Name, StringComparer.Ordinal).ToArray());

    public ValueTask RegisterAsync(ModelDefinition definition, bool makeDefault = false, CancellationToken cancellation = default)
    {
        Change(definition.Name, versions => [.. versions.Where(version => version.Version != definition.Version), definition]);
        return ValueTask.CompletedTask;
    }

    public ValueTask SetDefaultAsync(ModelKey key, CancellationToken cancellation = default) => throw new NotSupportedException();

    public ValueTask<ModelDefinition> ScaleAsync(ModelKey key, int instances, CancellationToken cancellation = default)
    {
        Change(key.Name, versions => versions.Select(version => version.Version == key.Version ? version with { Instances = instances } : version).ToArray());
        return new(_models[key.Name].Find(key.Version)!);
    }

    public ValueTask<bool> DeleteAsync(ModelKey key, CancellationToken cancellation = default)
    {
        Change(key.Name, versions => versions.Where(version => version.Version != key.Version).ToArray());
        return new(true);
    }

    private void Change(string name, Func<IReadOnlyList<ModelDefinition>, IReadOnlyList<ModelDefinition>> change)
    {
        lock (_sync)
        {
            var models = new Dictionary<string, CatalogModel>(_models);
            var versions = change(models.GetValueOrDefault(name)?.Versions ?? []);
            models.Remove(name);
            if (versions.Count > 0)
                models[name] = new CatalogModel(name, versions[0].Version, versions);
            _models = models;
        }
    }
}
