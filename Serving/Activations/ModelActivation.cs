using Granary.Serving.Clusters;
using Granary.Serving.Models;
using Microsoft.Extensions.Logging;

namespace Granary.Serving.Activations;

/// <summary>
/// One model version in memory: loading → ready → draining → unloaded, failed with exponential back-off. The first call loads it,
/// however many arrive at once; a call that arrives while it drains starts a new stay, so no call is lost. The in-process table and a
/// grain hold the same object. All members are safe for concurrent use.
/// </summary>
public sealed class ModelActivation : IAsyncDisposable
{
    private readonly Lock _sync = new();
    private readonly IModelLoader _loader;
    private readonly ActivationHost _host;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly ModelCounters _counters;
    private readonly List<ModelLife> _draining = [];
    private ModelLife? _current;
    private LoadFailure? _failure;
    private long _lastUsed;
    private int _instances;
    private bool _wasUsed;
    private volatile bool _pinned;
    private volatile bool _retired;

    /// <summary>An activation that is not loaded yet.</summary>
    /// <param name="definition">What it serves; only <see cref="Instances"/> may change later.</param>
    /// <param name="loader">Brings the module into memory.</param>
    /// <param name="host">What it shares with the others of this process.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Where its life is told.</param>
    public ModelActivation(ModelDefinition definition, IModelLoader loader, ActivationHost host, TimeProvider time, ILogger logger)
    {
        Definition = definition;
        Key = definition.Key;
        _loader = loader;
        _host = host;
        _time = time;
        _logger = logger;
        _pinned = definition.Pinned;
        _instances = definition.Instances;
        _lastUsed = time.GetTimestamp();
        _counters = host.Track(this);
    }

    /// <summary>What it serves.</summary>
    public ModelDefinition Definition { get; }

    /// <summary>The key of <see cref="Definition"/>.</summary>
    public ModelKey Key { get; }

    /// <summary>Whether it serves no more, for good: its key was deleted, its definition changed, or it was disposed.</summary>
    public bool IsRetired => _retired;

    /// <summary>Exempt from idle unloading and eviction.</summary>
    public bool IsPinned
    {
        get => _pinned;
        set => _pinned = value;
    }

    /// <summary>What it looks like now.</summary>
    public ModelStatus Status
    {
        get
        {
            lock (_sync)
                return Describe();
        }
    }

    /// <summary>Calls that run or wait here now.</summary>
    public int Load => Volatile.Read(ref _current)?.Gate.Count ?? 0;

    /// <summary>Whether <see cref="InferAsync"/> keeps the calling thread for tens of microseconds; a caller with one thread for many calls moves it elsewhere.</summary>
    public bool HoldsCaller => Volatile.Read(ref _current)?.Executor is { } executor && (executor.HoldsCaller || executor.Handlers is not null);

    /// <summary>Calls that may run at once; 0 for as many as the host has cores. Applies to what runs now and to the next stay.</summary>
    public int Instances
    {
        get => Volatile.Read(ref _instances);
        set
        {
            Volatile.Write(ref _instances, value);
            Volatile.Read(ref _current)?.Executor?.SetInstances(value);
        }
    }

    internal long LastUsed => Volatile.Read(ref _lastUsed);

    /// <summary>Runs one request when the module is ready; false when it must be loaded first, and nothing has happened then.</summary>
    /// <param name="request">Read only until the task ended.</param>
    /// <param name="cancellation">Ends the wait in the queue, not a call that has started.</param>
    /// <param name="result">The call.</param>
    public bool TryInfer(InferenceRequest request, CancellationToken cancellation, out ValueTask<InferenceResult> result)
    {
        var life = Volatile.Read(ref _current);
        if (life?.Executor is { } executor && life.Gate.TryEnter())
        {
            var arrived = Touch();
            result = executor.HandleAsync(request, arrived, cancellation);
            return true;
        }

        result = default;
        return false;
    }

    /// <summary>Runs one request, loading the module first if need be.</summary>
    /// <exception cref="ServingException">Any of its kinds; <see cref="ServingError.Unavailable"/> during back-off or when retired.</exception>
    /// <exception cref="OperationCanceledException">The caller's token; a load that began goes on.</exception>
    public ValueTask<InferenceResult> InferAsync(InferenceRequest request, CancellationToken cancellation = default) =>
        TryInfer(request, cancellation, out var result) ? result : InferAfterLoadAsync(request, cancellation);

    /// <summary>Starts the load unless it runs or has ended already.</summary>
    /// <param name="ignoreBackoff">An operator asks: try even when the last load failed a moment ago.</param>
    /// <exception cref="ServingException"><see cref="ServingError.Unavailable"/> during back-off or when retired, <see cref="ServingError.Overloaded"/> when too many loads wait.</exception>
    public void StartLoad(bool ignoreBackoff = false) => GetOrStart(ignoreBackoff);

    /// <summary>Starts the load if need be and waits until it ended.</summary>
    /// <exception cref="ServingException">Why it failed.</exception>
    public async Task<ModelStatus> WaitReadyAsync(bool ignoreBackoff = false, CancellationToken cancellation = default)
    {
        var life = GetOrStart(ignoreBackoff);
        await life.Loaded.WaitAsync(cancellation);
        if (life.Failure is { } failure)
            throw Again(failure);
        return Status;
    }

    /// <summary>Unloads the module after its calls ended; calls that arrive meanwhile start a new stay. Also ends a back-off.</summary>
    /// <returns>False when there was nothing to unload.</returns>
    public async Task<bool> DrainAsync()
    {
        ModelLife? life;
        lock (_sync)
        {
            _failure = null;
            life = _current;
        }

        if (life is null)
            return false;
        await DrainAsync(life);
        return true;
    }

    /// <summary>Unloads the module when no request came for its idle time and it is not pinned.</summary>
    /// <returns>Whether it was idle and is unloaded now.</returns>
    public async Task<bool> DrainIfIdleAsync()
    {
        var timeout = Definition.IdleTimeout ?? _host.Options.DefaultIdleTimeout;
        var life = Volatile.Read(ref _current);
        if (life?.Executor is null || _pinned || timeout == Timeout.InfiniteTimeSpan)
            return false;
        if (!life.IsIdle)
        {
            Volatile.Write(ref _lastUsed, _time.GetTimestamp());
            return false;
        }

        if (_time.GetElapsedTime(LastUsed) < timeout)
            return false;
        await DrainAsync(life);
        return true;
    }

    /// <summary>Serves no more: unloads the module after its calls ended and refuses new ones.</summary>
    public async Task RetireAsync()
    {
        ModelLife[] lives;
        lock (_sync)
        {
            _retired = true;
            lives = _current is null ? [.. _draining] : [.. _draining, _current];
        }

        await Task.WhenAll(lives.Select(DrainAsync));
    }

    /// <summary>The same as <see cref="RetireAsync"/>.</summary>
    public async ValueTask DisposeAsync() => await RetireAsync();

    /// <summary>Retires it if nothing is in memory.</summary>
    internal bool TryRetireUnloaded()
    {
        lock (_sync)
        {
            if (_current is not null || _draining.Count > 0)
                return false;
            _retired = true;
            return true;
        }
    }

    internal async Task DrainAsync(ModelLife life)
    {
        lock (_sync)
        {
            if (_current == life)
                _current = null;
            if (!_draining.Contains(life))
                _draining.Add(life);
        }

        await life.EndAsync();
        lock (_sync)
            _draining.Remove(life);
    }

    internal void OnReady()
    {
        lock (_sync)
            _failure = null;
        Volatile.Write(ref _lastUsed, _time.GetTimestamp());
    }

    internal void OnFailed(ModelLife life, ServingException error)
    {
        lock (_sync)
        {
            if (_current == life)
                _current = null;
            _failure = LoadFailure.After(_failure, error, _host.Options, _time);
        }
    }

    private async ValueTask<InferenceResult> InferAfterLoadAsync(InferenceRequest request, CancellationToken cancellation)
    {
        var arrived = Touch();
        ModelLife life;
        try
        {
            life = await EnterLoadedAsync(request, arrived, cancellation);
        }
        catch (Exception exception)
        {
            var error = exception is ServingException serving ? serving.Error : ServingError.Cancelled;
            _counters.Failure(error, _time.GetTimestamp() - arrived);
            GranaryMeter.Failure(Key, error, _time.GetElapsedTime(arrived));
            throw;
        }

        return await life.Executor!.HandleAsync(request, arrived, cancellation);
    }

    /// <summary>A loaded stay whose gate the caller is in.</summary>
    private async Task<ModelLife> EnterLoadedAsync(InferenceRequest request, long arrived, CancellationToken cancellation)
    {
        ModelLife life;
        do
        {
            cancellation.ThrowIfCancellationRequested();
            life = GetOrStart(ignoreBackoff: false);
        }
        while (!life.Gate.TryEnter());

        try
        {
            await WaitLoadedAsync(life, request.Timeout, arrived, cancellation);
            return life;
        }
        catch
        {
            life.Gate.Leave();
            throw;
        }
    }

    private async Task WaitLoadedAsync(ModelLife life, TimeSpan? timeout, long arrived, CancellationToken cancellation)
    {
        try
        {
            await life.Loaded.WaitAsync(Deadline.Left(timeout, arrived, _time), _time, cancellation);
        }
        catch (TimeoutException)
        {
            throw new ServingException(ServingError.DeadlineExceeded, $"model '{Key}' was still loading when the request's deadline of {timeout} passed; the load goes on");
        }

        if (life.Failure is { } failure)
            throw Again(failure);
    }

    private ModelLife GetOrStart(bool ignoreBackoff)
    {
        lock (_sync)
        {
            if (_retired)
                throw new ServingException(ServingError.Unavailable, $"model '{Key}' is being unloaded for good");
            if (_current is { } life)
                return life;
            if (!ignoreBackoff)
                _failure?.ThrowWhileFresh(Key, _time);
            if (!_host.TryBeginLoad())
                throw new ServingException(ServingError.Overloaded, $"model '{Key}' cannot be loaded now: {_host.Options.MaxPendingLoads} loads run or wait; try again later");
            life = new ModelLife(this, _loader, _host, _counters, _time, _logger);
            Volatile.Write(ref _current, life);
            life.Start();
            return life;
        }
    }

    private long Touch()
    {
        var now = _time.GetTimestamp();
        Volatile.Write(ref _lastUsed, now);
        if (!_wasUsed)
            _wasUsed = true;
        return now;
    }

    // Every caller gets its own exception: a shared one would collect everybody's stack.
    private static ServingException Again(ServingException failure) => new(failure.Error, failure.Message, failure) { RetryAfter = failure.RetryAfter };

    private ModelStatus Describe()
    {
        var life = _current;
        var executor = life?.Executor;
        var queued = executor?.Queued ?? life?.Gate.Count ?? 0;
        return new ModelStatus
        {
            Key = Key,
            State = executor is not null ? ModelState.Ready
                : life is not null ? ModelState.Loading
                : _draining.Count > 0 ? ModelState.Draining
                : _failure is not null ? ModelState.Failed
                : ModelState.Unloaded,
            Reason = life is null ? _failure?.Error.Message : null,
            Device = executor?.Model.Device,
            Sha256 = executor?.Model.Sha256,
            ResidentBytes = executor?.Model.ParameterBytes ?? 0,
            Pinned = _pinned,
            Running = Math.Max(0, (life?.Gate.Count ?? 0) - queued) + _draining.Sum(draining => draining.Gate.Count),
            Queued = queued,
            Methods = executor?.Model.Methods ?? [],
            LoadedAt = executor is null ? null : life!.ReadyAt,
            LoadDuration = life?.LoadDuration ?? TimeSpan.Zero,
            LastUsedAt = _wasUsed ? _time.GetUtcNow() - _time.GetElapsedTime(LastUsed) : null,
            Statistics = _counters.ToStatistics(),
        };
    }
}
