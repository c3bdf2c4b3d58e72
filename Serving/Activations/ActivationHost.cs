using System.Collections.Concurrent;
using Granary.Serving.Embeddings;
using Granary.Serving.Models;
using Granary.Serving.Responses;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Granary.Serving.Activations;

/// <summary>What all activations of one process share: inference threads, memory budget, turns to load, counters.</summary>
public sealed class ActivationHost : IModelMetrics, IDisposable
{
    private readonly ConcurrentDictionary<ModelKey, Tracked> _tracked = new();
    private readonly SemaphoreSlim _loads;
    private readonly TimeProvider _time;
    private int _pendingLoads;

    /// <summary>Makes the shared resources; threads start with the first load.</summary>
    public ActivationHost(IOptions<ActivationOptions> options, IOptions<ModelMemoryOptions> memory, IInferenceRuntime runtime, TimeProvider time, ILoggerFactory loggers, IOptions<ResponseCacheOptions>? responses = null, IEmbeddings? embeddings = null)
    {
        Embeddings = embeddings;
        Options = options.Value;
        Runtime = runtime;
        _time = time;
        _loads = new SemaphoreSlim(Options.MaxConcurrentLoads);
        Threads = new InferenceThreadPool(Options.InferenceThreads, runtime, loggers.CreateLogger<InferenceThreadPool>());
        Responses = new ResponseCache(responses?.Value ?? new ResponseCacheOptions());
        Budget = new ResidencyBudget(memory.Value, time, loggers.CreateLogger<ResidencyBudget>());
    }

    /// <summary>Bytes of the models in host memory.</summary>
    public long ResidentBytes => Budget.ResidentBytes;

    /// <summary>Bytes that models may still take of host memory; <see cref="long.MaxValue"/> without a limit.</summary>
    public long FreeBytes => Budget.FreeBytes;

    internal ActivationOptions Options { get; }

    internal IInferenceRuntime Runtime { get; }

    internal InferenceThreadPool Threads { get; }

    internal ResidencyBudget Budget { get; }

    internal ResponseCache Responses { get; }

    /// <summary>What handlers look ids up in; null where there are no tables.</summary>
    internal IEmbeddings? Embeddings { get; }

    /// <inheritdoc/>
    public ResponseCacheSnapshot? ReadResponseCache() => Responses.IsEnabled ? Responses.Snapshot() : null;

    /// <inheritdoc/>
    public IReadOnlyList<ModelMetricsSnapshot> Snapshot()
    {
        var snapshots = new List<ModelMetricsSnapshot>();
        foreach (var tracked in _tracked.Values)
        {
            // Callers can name sources without end that were refused or never came: they are nobody's model.
            if (tracked.IsUnknown)
                continue;
            var status = tracked.Activation.Status;
            var snapshot = tracked.Counters.ToSnapshot(status.State, status.Queued, status.Running, status.ResidentBytes);
            snapshots.Add(Responses.IsEnabled && tracked.Activation.Definition.ResponseCache ? snapshot : snapshot with { Cache = null });
        }

        snapshots.Sort(static (left, right) => string.CompareOrdinal(left.Key.ToString(), right.Key.ToString()));
        return snapshots;
    }

    /// <summary>Ends the inference threads.</summary>
    public void Dispose()
    {
        Threads.Dispose();
        _loads.Dispose();
        Budget.Dispose();
    }

    /// <summary>The counters of the activation's key: those of its predecessor when there was one.</summary>
    internal ModelCounters Track(ModelActivation activation)
    {
        var key = activation.Key;
        var tracked = _tracked.AddOrUpdate(key,
            static (key, arg) => new Tracked(arg.activation, new ModelCounters(key, arg._time)),
            static (_, old, arg) => old with { Activation = arg.activation },
            (activation, _time));
        if (_tracked.Count > Options.MaxRememberedModels)
            ForgetSome();
        return tracked.Counters;
    }

    /// <summary>Drops the counters of a key whose activation is retired.</summary>
    internal void Forget(ModelActivation activation)
    {
        if (_tracked.TryGetValue(activation.Key, out var tracked) && tracked.Activation == activation)
            _tracked.TryRemove(KeyValuePair.Create(activation.Key, tracked));
    }

    /// <summary>Takes a place among the loads that run or wait; false when there is none.</summary>
    internal bool TryBeginLoad()
    {
        if (Interlocked.Increment(ref _pendingLoads) <= Options.MaxPendingLoads)
        {
            Threads.Start();
            return true;
        }

        Interlocked.Decrement(ref _pendingLoads);
        return false;
    }

    /// <summary>Gives the place of <see cref="TryBeginLoad"/> back.</summary>
    internal void EndLoad() => Interlocked.Decrement(ref _pendingLoads);

    /// <summary>Waits for a turn to load; <see cref="LeaveLoad"/> ends it.</summary>
    internal Task EnterLoadAsync(CancellationToken cancellation) => _loads.WaitAsync(cancellation);

    internal void LeaveLoad() => _loads.Release();

    private void ForgetSome()
    {
        ForgetRetired(static tracked => tracked.IsUnknown);
        if (_tracked.Count > Options.MaxRememberedModels)
            ForgetRetired(static _ => true);
    }

    private void ForgetRetired(Func<Tracked, bool> which)
    {
        foreach (var tracked in _tracked.Values)
        {
            if (tracked.Activation.IsRetired && which(tracked))
                Forget(tracked.Activation);
        }
    }

    private sealed record Tracked(ModelActivation Activation, ModelCounters Counters)
    {
        /// <summary>Whether a request named a source that never gave a model.</summary>
        public bool IsUnknown => Activation.Key.IsAdHoc && Counters.HasNeverLoaded;
    }
}
