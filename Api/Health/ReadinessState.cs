using System.Collections.Concurrent;
using Granary.Serving.Clusters;
using Granary.Serving.Models;

namespace Granary.Api.Health;

/// <summary>
/// What must be loaded before this process should get traffic. The preload service reports to it, <c>/health/ready</c> reads it.
/// Safe for concurrent use.
/// </summary>
public sealed class ReadinessState
{
    private readonly ConcurrentDictionary<ModelKey, RequiredModel> _models = new();

    /// <summary>Reports how a model that must be ready is doing; the first report makes it required.</summary>
    /// <param name="key">Which version.</param>
    /// <param name="state"><see cref="ModelState.Loading"/>, then <see cref="ModelState.Ready"/> or <see cref="ModelState.Failed"/>.</param>
    /// <param name="reason">Why it failed, fit for clients; null otherwise.</param>
    public void SetModelState(ModelKey key, ModelState state, string? reason = null) => _models[key] = new RequiredModel(key, state, reason);

    /// <summary>Every required model, sorted by key.</summary>
    internal IReadOnlyList<RequiredModel> Models => [.. _models.Values.OrderBy(model => model.Key.ToString(), StringComparer.Ordinal)];
}

/// <summary>A model that readiness depends on.</summary>
internal sealed record RequiredModel(ModelKey Key, ModelState State, string? Reason);
