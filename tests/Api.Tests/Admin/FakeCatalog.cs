using Granary.Serving;
using Granary.Serving.Models;

namespace Granary.Api.Tests.Admin;

/// <summary>A catalog in memory that keeps the contract of <see cref="IModelCatalog"/>.</summary>
internal sealed class FakeCatalog : IModelCatalog
{
    private readonly SortedDictionary<string, CatalogModel> _models = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();

    /// <summary>Runs before every registration; lets a test lose a race.</summary>
    public Action<ModelDefinition>? BeforeRegister { get; set; }

    public ValueTask<CatalogModel?> FindAsync(string name, CancellationToken cancellation = default)
    {
        lock (_lock)
            return ValueTask.FromResult(_models.GetValueOrDefault(name));
    }

    public ValueTask<IReadOnlyList<CatalogModel>> ListAsync(CancellationToken cancellation = default)
    {
        lock (_lock)
            return ValueTask.FromResult<IReadOnlyList<CatalogModel>>([.. _models.Values]);
    }

    public ValueTask RegisterAsync(ModelDefinition definition, bool makeDefault = false, CancellationToken cancellation = default)
    {
        BeforeRegister?.Invoke(definition);
        Add(definition, makeDefault);
        return ValueTask.CompletedTask;
    }

    public void Add(ModelDefinition definition, bool makeDefault = false)
    {
        if (!ModelNames.IsValid(definition.Name))
            throw new ServingException(ServingError.InvalidArgument, $"'{definition.Name}' is not a model name");
        lock (_lock)
        {
            var model = _models.GetValueOrDefault(definition.Name) ?? new CatalogModel(definition.Name, definition.Version, []);
            if (model.Find(definition.Version) is { } there)
            {
                if (there.Source != definition.Source || there.Device != definition.Device)
                    throw new ServingException(ServingError.AlreadyExists, $"'{definition.Key}' exists with another content");
            }
            else
            {
                model = model with { Versions = [.. model.Versions.Append(definition).OrderBy(one => long.Parse(one.Version))] };
            }

            _models[definition.Name] = makeDefault ? model with { DefaultVersion = definition.Version } : model;
        }
    }

    public ValueTask SetDefaultAsync(ModelKey key, CancellationToken cancellation = default)
    {
        lock (_lock)
            _models[key.Name] = _models[key.Name] with { DefaultVersion = key.Version };
        return ValueTask.CompletedTask;
    }

    public ValueTask<ModelDefinition> ScaleAsync(ModelKey key, int instances, CancellationToken cancellation = default)
    {
        lock (_lock)
        {
            var model = _models.GetValueOrDefault(key.Name) is { } found && found.Find(key.Version) is not null
                ? found
                : throw new ServingException(ServingError.NotFound, $"model '{key}' is not in the catalog");
            var scaled = model.Find(key.Version)! with { Instances = instances };
            _models[key.Name] = model with { Versions = [.. model.Versions.Select(one => one.Version == key.Version ? scaled : one)] };
            return ValueTask.FromResult(scaled);
        }
    }

    public ValueTask<bool> DeleteAsync(ModelKey key, CancellationToken cancellation = default)
    {
        lock (_lock)
        {
            if (_models.GetValueOrDefault(key.Name) is not { } model || model.Find(key.Version) is null)
                return ValueTask.FromResult(false);
            model = model with { Versions = [.. model.Versions.Where(one => one.Version != key.Version)] };
            if (model.Versions.Count == 0)
                _models.Remove(key.Name);
            else
                _models[key.Name] = model with { DefaultVersion = model.DefaultVersion == key.Version ? model.Versions[^1].Version : model.DefaultVersion };
            return ValueTask.FromResult(true);
        }
    }
}
