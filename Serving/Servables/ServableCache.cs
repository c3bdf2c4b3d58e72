using System.Collections.Concurrent;
using Granary.Serving.Clusters;
using Granary.Serving.Models;
using Granary.Serving.Values;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Granary.Serving.Servables;

/// <summary>
/// Finds and loads the models that requests name by catalog name, model id or path. Those that no catalog holds are kept like
/// torch-serving keeps them: when there are <see cref="ServableCacheOptions.Buffer"/> more than
/// <see cref="ServableCacheOptions.Capacity"/>, those used longest ago leave memory until the capacity is met. A failed request
/// takes nothing out. Safe for concurrent use; what was found before takes no lock and allocates nothing.
/// </summary>
public sealed partial class ServableCache(IModelCluster cluster, IModelCatalog catalog, IOptions<ServableCacheOptions> options, TimeProvider time, ILogger<ServableCache> logger)
{
    private const int MaxRemembered = 4096;
    private const int MaxLoads = 5;
    private static readonly TimeSpan FailurePause = TimeSpan.FromSeconds(5);
    private readonly ConcurrentDictionary<ModelKey, Servable> _kept = new();
    private readonly ConcurrentDictionary<ModelKey, Servable> _registered = new();
    private readonly ConcurrentDictionary<ModelKey, (ServingException Error, long At)> _failures = new();
    private readonly ConcurrentDictionary<ModelKey, Task> _unloading = new();
    private readonly Lock _pruning = new();
    private long _turn;
    private Task _leaving = Task.CompletedTask;

    /// <summary>Those that no catalog holds, the one used last first.</summary>
    public IReadOnlyList<Servable> Kept => [.. _kept.Values.OrderByDescending(static servable => servable.LastUsed)];

    /// <summary>Ends when everything that had to leave so far has left.</summary>
    internal Task Leaving
    {
        get
        {
            lock (_pruning)
                return _leaving;
        }
    }

    /// <summary>The model of an identifier if it was loaded before and is still the one that is meant.</summary>
    public Servable? TryGet(ServableIdentifier identifier)
    {
        if (identifier.Found is not { IsGone: false, IsStale: false } found)
            return null;
        if (identifier.Name is not null)
        {
            // A name that came into the catalog, or another version that became its default.
            var model = catalog.FindAsync(identifier.Name);
            if (!model.IsCompletedSuccessfully || !ReferenceEquals(model.Result, found.Seen))
                return null;
        }

        Touch(found);
        return found;
    }

    /// <summary>The model of an identifier, loaded if need be.</summary>
    /// <exception cref="ServingException">It cannot be: no such name or file, not allowed here, no model, no <c>forward</c>, no room.</exception>
    public async ValueTask<Servable> GetAsync(ServableIdentifier identifier, CancellationToken cancellation)
    {
        if (TryGet(identifier) is { } known)
            return known;
        var model = identifier.Name is null ? null : await catalog.FindAsync(identifier.Name, cancellation);
        var definition = model?.Find(identifier.Version ?? model.DefaultVersion);
        var servable = definition is not null ? await GetRegisteredAsync(identifier, model!, definition, cancellation)
            : identifier.Key is { } key ? await GetKeptAsync(identifier, key, cancellation)
            : throw new ServingException(ServingError.InvalidArgument, identifier.Fault!);
        identifier.Found = servable;
        return servable;
    }

    /// <summary>Takes note that a call ended: what was let go before it began, and so was loaded again for it, counts again.</summary>
    public void Return(Servable servable)
    {
        if (servable.IsGone && servable.Seen is null && !_kept.ContainsKey(servable.Key))
            _ = CountAgainAsync(servable);
    }

    /// <summary>Forgets what is known of a model's signature, after a call that failed; the next request reads it anew. What is in memory stays there.</summary>
    public void Recheck(Servable servable) => servable.IsStale = true;

    /// <summary>Takes models out of memory, so that the next request loads them anew.</summary>
    /// <param name="identifier">Which; null for all that no catalog holds.</param>
    /// <param name="cancellation">Ends the wait for their running calls.</param>
    /// <returns>The identifiers of those that left.</returns>
    public async Task<IReadOnlyList<string>> InvalidateAsync(string? identifier, CancellationToken cancellation)
    {
        List<Servable> victims = [];
        var wanted = identifier is null ? null : ServableIdentifier.Parse(identifier);
        lock (_pruning)
        {
            foreach (var servable in _kept.Values)
            {
                if (wanted is null || servable.Key == wanted.Key)
                    victims.Add(servable);
            }

            foreach (var victim in victims)
            {
                LogInvalidated(victim.Key);
                LetGo(victim, evenPinned: true);
            }
        }

        if (wanted is null)
            _failures.Clear();
        else if (wanted.Key is { } key)
            _failures.TryRemove(key, out _);
        await Leaving.WaitAsync(cancellation);
        return [.. victims.Select(static victim => victim.Identifier.Text)];
    }

    private void Touch(Servable servable) => servable.LastUsed = Interlocked.Increment(ref _turn);

    private async ValueTask<Servable> GetRegisteredAsync(ServableIdentifier identifier, CatalogModel model, ModelDefinition definition, CancellationToken cancellation)
    {
        if (_registered.TryGetValue(definition.Key, out var known) && ReferenceEquals(known.Seen, model) && !known.IsStale)
            return known;
        var servable = new Servable(identifier, definition.Key, await LoadAsync(definition.Key, definition.Inputs, cancellation), model);
        if (_registered.Count >= MaxRemembered)
            _registered.Clear();
        _registered[definition.Key] = servable;
        return servable;
    }

    private async ValueTask<Servable> GetKeptAsync(ServableIdentifier identifier, ModelKey key, CancellationToken cancellation)
    {
        if (_kept.TryGetValue(key, out var known) && !known.IsStale)
        {
            Touch(known);
            return known;
        }

        // A load that begins before the unload would be given up by it.
        if (_unloading.TryGetValue(key, out var unloading))
            await unloading.WaitAsync(cancellation);
        if (_failures.TryGetValue(key, out var failure) && time.GetElapsedTime(failure.At) < FailurePause)
            throw new ServingException(failure.Error.Error, failure.Error.Message, failure.Error);
        try
        {
            return Keep(new Servable(identifier, key, await LoadAsync(key, [], cancellation), null));
        }
        catch (ServingException exception) when (identifier.IsRemote)
        {
            // Whoever asks in a loop must not become a load for the source.
            if (_failures.Count >= MaxRemembered)
                _failures.Clear();
            _failures[key] = (exception, time.GetTimestamp());
            throw;
        }
    }

    private async ValueTask<Signature> LoadAsync(ModelKey key, IReadOnlyList<TensorSpec> inputs, CancellationToken cancellation)
    {
        var status = await cluster.GetStatusAsync(key, cancellation);
        for (var attempt = 0; status.Methods.Count == 0 && attempt < MaxLoads; attempt++)
        {
            // Where memory is short it may be gone again by the time it is described, or be let go while it loads.
            try
            {
                status = await cluster.LoadAsync(key, cancellation);
            }
            catch (ServingException exception) when (exception.Error == ServingError.Unavailable && attempt < MaxLoads - 1)
            {
                continue;
            }

            if (status.State == ModelState.Ready)
                break;
        }

        foreach (var method in status.Methods)
        {
            if (method.Name == "forward")
                return new Signature(method, inputs);
        }

        throw new ServingException(ServingError.Unsupported, $"model '{key}' has no method 'forward'");
    }

    private Servable Keep(Servable servable)
    {
        lock (_pruning)
        {
            // Many may have waited for the same load.
            if (_kept.TryGetValue(servable.Key, out var earlier) && !earlier.IsStale)
                servable = earlier;
            Touch(servable);
            _kept[servable.Key] = servable;
            Prune();
        }

        return servable;
    }

    // Under the lock. The newcomer has the latest turn, so it stays.
    private void Prune()
    {
        var (capacity, buffer) = (options.Value.Capacity, options.Value.Buffer);
        if (capacity == 0 || _kept.Count < capacity + buffer || _kept.Count <= capacity)
            return;
        foreach (var victim in _kept.Values.OrderBy(static kept => kept.LastUsed).Take(_kept.Count - capacity).ToList())
        {
            LogEvicted(victim.Key, capacity, buffer);
            LetGo(victim, evenPinned: false);
        }
    }

    // Under the lock. Not on the caller's time: running calls may take long.
    private void LetGo(Servable servable, bool evenPinned)
    {
        servable.IsGone = true;
        _kept.TryRemove(KeyValuePair.Create(servable.Key, servable));
        var before = _unloading.GetValueOrDefault(servable.Key, Task.CompletedTask);
        var unload = Task.Run(() => UnloadAsync(servable.Key, before, evenPinned));
        _unloading[servable.Key] = unload;
        _ = unload.ContinueWith(ended => _unloading.TryRemove(KeyValuePair.Create(servable.Key, ended)), TaskScheduler.Default);
        _leaving = Task.WhenAll(_leaving, unload);
    }

    private async Task UnloadAsync(ModelKey key, Task before, bool evenPinned)
    {
        try
        {
            await before;
            if (evenPinned || !(await cluster.GetStatusAsync(key)).Pinned)
                await cluster.UnloadAsync(key);
        }
        catch (Exception exception) when (exception is ServingException or OperationCanceledException)
        {
            LogNotUnloaded(key, exception.Message);
        }
    }

    private async Task CountAgainAsync(Servable servable)
    {
        try
        {
            if (_unloading.TryGetValue(servable.Key, out var unloading))
                await unloading;
            if ((await cluster.GetStatusAsync(servable.Key)).State == ModelState.Ready && !_kept.ContainsKey(servable.Key))
                Keep(new Servable(servable.Identifier, servable.Key, servable.Signature, null));
        }
        catch (Exception exception) when (exception is ServingException or OperationCanceledException)
        {
            LogNotUnloaded(servable.Key, exception.Message);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{Model} leaves memory: more than {Capacity} + {Buffer} models were named by path.")]
    private partial void LogEvicted(ModelKey model, int capacity, int buffer);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Model} was invalidated; the next request loads it anew.")]
    private partial void LogInvalidated(ModelKey model);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Model} could not be unloaded: {Reason}")]
    private partial void LogNotUnloaded(ModelKey model, string reason);
}
