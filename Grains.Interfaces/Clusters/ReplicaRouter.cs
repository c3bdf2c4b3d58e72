using System.Collections.Concurrent;
using Granary.Grains.Interfaces.Catalog;
using Granary.Serving.Sources;

namespace Granary.Grains.Interfaces.Clusters;

/// <summary>
/// Checks a key and knows its replicas. Nothing that a caller invents becomes a grain: a key is in the catalog, or its source
/// is allowed, before <see cref="IGrainFactory"/> hears of it.
/// </summary>
internal sealed class ReplicaRouter(
    IGrainFactory grains,
    OrleansModelCatalog catalog,
    ISourcePolicy policy,
    SiloBoardWatch board,
    TimeProvider time)
{
    private const int MaxRoutes = 10_000;
    private static readonly TimeSpan Refresh = TimeSpan.FromSeconds(1);
    private readonly ConcurrentDictionary<ModelKey, Route> _routes = new();

    /// <summary>The replicas of a key that may be called.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.NotFound"/>, <see cref="ServingError.PermissionDenied"/>,
    /// or <see cref="ServingError.Unavailable"/> when no silo can hold the model.</exception>
    public ValueTask<ReplicaSet> FindAsync(ModelKey key, CancellationToken cancellation)
    {
        var definition = key.IsAdHoc ? null : catalog.Peek(key);
        if (definition is null && !key.IsAdHoc)
            return FindInCatalogAsync(key, cancellation);
        return new(Resolve(key, definition));
    }

    /// <summary>Forgets what was known of a key, after it was unloaded, scaled or deleted.</summary>
    public void Forget(ModelKey key) => _routes.TryRemove(key, out _);

    private async ValueTask<ReplicaSet> FindInCatalogAsync(ModelKey key, CancellationToken cancellation)
    {
        var model = await catalog.FindAsync(key.Name, cancellation);
        var definition = model?.Find(key.Version)
            ?? throw new ServingException(ServingError.NotFound, $"model '{key.Name}' version '{key.Version}' is not registered");
        return Resolve(key, definition);
    }

    private ReplicaSet Resolve(ModelKey key, ModelDefinition? definition)
    {
        var now = time.GetTimestamp();
        if (_routes.TryGetValue(key, out var route)
            && ReferenceEquals(route.Definition, definition)
            && time.GetElapsedTime(route.CheckedAt, now) < Refresh)
        {
            return route.Replicas;
        }

        if (definition is null)
            policy.Check(ModelIdParser.Parse(key.Name), trusted: false);
        var replicas = Build(key, definition, route?.Replicas);
        // Ad-hoc keys are the callers' choice. What is forgotten here is only which replica answered how fast.
        if (_routes.Count >= MaxRoutes)
            _routes.Clear();
        _routes[key] = new Route(definition, replicas, now);
        return replicas;
    }

    private ReplicaSet Build(ModelKey key, ModelDefinition? definition, ReplicaSet? before)
    {
        var silos = board.Silos;
        var needsAccelerator = NeedsAccelerator(definition, silos);
        var bytes = definition?.MemoryBytes ?? 0;
        var grainKey = key.ToString();
        if (!silos.Any(silo => silo.Models.Any(model => model.GrainKey == grainKey))
            && SiloFitness.Missing(silos, key, needsAccelerator, bytes) is { } missing)
        {
            throw new ServingException(ServingError.Unavailable, missing) { RetryAfter = TimeSpan.FromSeconds(5) };
        }

        var count = SiloFitness.Replicas(silos, definition?.Instances ?? 0, needsAccelerator);
        return before is not null && before.Count == count && before.NeedsAccelerator == needsAccelerator
            ? before
            : new ReplicaSet(grains, key, needsAccelerator, count);
    }

    private static bool NeedsAccelerator(ModelDefinition? definition, IReadOnlyList<Contracts.SiloReport> silos) =>
        definition is not null && SiloFitness.NeedsAccelerator(definition)
        || (definition?.Device == "auto" && silos.Any(silo => silo.Accelerator == SiloFitness.Cuda));

    private sealed record Route(ModelDefinition? Definition, ReplicaSet Replicas, long CheckedAt);
}
