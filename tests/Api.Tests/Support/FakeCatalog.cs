using System.Collections.Concurrent;
using Granary.Serving;
using Granary.Serving.Models;

namespace Granary.Api.Tests.Support;

/// <summary>A catalog in memory.</summary>
internal sealed class FakeCatalog : IModelCatalog
{
    private readonly ConcurrentDictionary<string, CatalogModel> _models = new();

    /// <summary>Thrown by every write while set.</summary>
    public ServingException? WriteFailure { get; set; }

    public static ModelDefinition Definition(string name, string version, string source = "huggingface/owner/name:model.pt") =>
        new() { Name = name, Version = version, Source = ModelIdParser.Parse(source) };

    public FakeCatalog Add(string name, string version, string source = "huggingface/owner/name:model.pt")
    {
        var definition = Definition(name, version, source);
        _models.AddOrUpdate(name, _ => new CatalogModel(name, version, [definition]), (_, old) => old with { Versions = [.. old.Versions, definition] });
        return this;
    }

    public ValueTask<CatalogModel?> FindAsync(string name, CancellationToken cancellation = default) => new(_models.GetValueOrDefault(name));

    public ValueTask<IReadOnlyList<CatalogModel>> ListAsync(CancellationToken cancellation = default) =>
        new([.. _models.Values.OrderBy(model => model.Name, StringComparer.Ordinal)]);

    public ValueTask RegisterAsync(ModelDefinition definition, bool makeDefault = false, CancellationToken cancellation = default)
    {
        if (WriteFailure is { } failure)
            throw failure;
        _models.AddOrUpdate(
            definition.Name,
            _ => new CatalogModel(definition.Name, definition.Version, [definition]),
            (_, old) => new CatalogModel(old.Name, makeDefault ? definition.Version : old.DefaultVersion, [.. old.Versions, definition]));
        return ValueTask.CompletedTask;
    }

    public ValueTask SetDefaultAsync(ModelKey key, CancellationToken cancellation = default)
    {
        _models[key.Name] = _models[key.Name] with { DefaultVersion = key.Version };
        return ValueTask.CompletedTask;
    }

    public ValueTask<ModelDefinition> ScaleAsync(ModelKey key, int instances, CancellationToken cancellation = default) => throw new NotSupportedException();

    public ValueTask<bool> DeleteAsync(ModelKey key, CancellationToken cancellation = default) => new(_models.TryRemove(key.Name, out _));
}
