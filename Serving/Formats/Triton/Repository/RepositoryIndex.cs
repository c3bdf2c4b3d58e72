using Granary.Serving.Clusters;
using Granary.Serving.Formats.Triton.Ensembles;
using Granary.Serving.Models;

namespace Granary.Serving.Formats.Triton.Repository;

/// <summary>Joins what was noted with what the catalog holds: only there a version is ready, whoever loaded it.</summary>
internal sealed class RepositoryIndex(IReadOnlyList<RepositoryIndexEntry> noted)
{
    private readonly Dictionary<(string Name, string? Version), RepositoryIndexEntry> _entries =
        noted.Where(static entry => entry.State != ModelReadyState.Ready).ToDictionary(static entry => (entry.Name, entry.Version));

    /// <summary>By name and version.</summary>
    public IReadOnlyList<RepositoryIndexEntry> All =>
    [
        // That a model could not be read again says nothing of the versions that serve.
        .. _entries.Values.Where(entry => entry is not { Version: null, State: not null } || !_entries.Values.Any(other => other.Name == entry.Name && other.State == ModelReadyState.Ready))
            .OrderBy(static entry => entry.Name, StringComparer.Ordinal)
            .ThenBy(static entry => entry.Version ?? "0", Comparer<string>.Create(ModelVersions.Compare)),
    ];

    /// <summary>Those that are ready.</summary>
    public IReadOnlyList<RepositoryIndexEntry> Ready => [.. All.Where(static entry => entry.State == ModelReadyState.Ready)];

    /// <summary>Adds what the catalog holds of one name.</summary>
    public async Task AddAsync(CatalogModel model, IModelCatalog catalog, IModelCluster cluster, CancellationToken cancellation)
    {
        foreach (var definition in model.Versions.Where(static definition => !definition.IsCandidate()))
        {
            var key = (definition.Name, (string?)definition.Version);
            if (!_entries.TryGetValue(key, out var before) || before.State is not (ModelReadyState.Loading or ModelReadyState.Unloading))
                _entries[key] = await DescribeAsync(definition, catalog, cluster, cancellation);
        }
    }

    /// <summary>Adds models of which nothing is known but the name.</summary>
    public void AddNames(IEnumerable<string> names)
    {
        foreach (var name in names.Except(_entries.Keys.Select(static key => key.Name)).ToList())
            _entries[(name, null)] = new RepositoryIndexEntry(name, null, null);
    }

    private static async Task<RepositoryIndexEntry> DescribeAsync(ModelDefinition definition, IModelCatalog catalog, IModelCluster cluster, CancellationToken cancellation) =>
        await EnsembleReadiness.WhyNotAsync(definition, catalog, cluster, cancellation) is { } reason
            ? new RepositoryIndexEntry(definition.Name, definition.Version, ModelReadyState.Unavailable, reason)
            : new RepositoryIndexEntry(definition.Name, definition.Version, ModelReadyState.Ready);
}
