using Granary.Serving.Handlers;
using Granary.Serving.Models;
using Microsoft.Extensions.Logging;

namespace Granary.Serving.Activations;

/// <summary>One stay of a module in memory, from the start of its load until it is disposed. Never reused.</summary>
internal sealed partial class ModelLife(ModelActivation activation, IModelLoader loader, ActivationHost host, ModelCounters counters, TimeProvider time, ILogger logger) : IResident
{
    private readonly TaskCompletionSource _loaded = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _unwanted = new();
    private readonly Lock _sync = new();
    private ModelExecutor? _executor;
    private Task? _end;

    public ModelKey Key => activation.Key;

    /// <summary>Callers enter it on arrival, while the load runs too, so that a module is never taken away under them.</summary>
    public CallGate Gate { get; } = new();

    /// <summary>Null until ready.</summary>
    public ModelExecutor? Executor => Volatile.Read(ref _executor);

    /// <summary>Why the load failed; null while it runs or when it succeeded.</summary>
    public ServingException? Failure { get; private set; }

    /// <summary>Completes when the load ended either way; never faults.</summary>
    public Task Loaded => _loaded.Task;

    public DateTimeOffset? ReadyAt { get; private set; }

    public TimeSpan LoadDuration { get; private set; }

    public bool CanEvict => Executor is not null;

    public bool IsPinned => activation.IsPinned;

    public bool IsIdle => Gate.Count == 0;

    public long LastUsed => activation.LastUsed;

    /// <summary>Starts the load on the thread pool. The place that the caller took with <see cref="ActivationHost.TryBeginLoad"/> is given back at its end.</summary>
    public void Start() => _ = Task.Run(LoadAsync);

    /// <summary>Admits no more calls, waits for those inside, then frees the module; the load is given up when nobody waits for it.</summary>
    public Task EndAsync()
    {
        lock (_sync)
            return _end ??= Task.Run(EndCoreAsync);
    }

    public Task EvictAsync() => activation.DrainAsync(this);

    private async Task LoadAsync()
    {
        var started = time.GetTimestamp();
        try
        {
            var executor = await BuildInTurnAsync();
            LoadDuration = time.GetElapsedTime(started);
            ReadyAt = time.GetUtcNow();
            counters.Loaded(time.GetTimestamp() - started);
            activation.OnReady();
            Volatile.Write(ref _executor, executor);
            host.Budget.OnChanged();
            LogReady(Key, executor.Model.Device, executor.Model.ParameterBytes, LoadDuration.TotalMilliseconds);
        }
        catch (Exception exception)
        {
            LoadDuration = time.GetElapsedTime(started);
            Failure = TorchErrors.OfLoad(exception, activation.Definition);
            counters.LoadFailed();
            // A load that was given up says nothing about the model.
            if (!_unwanted.IsCancellationRequested)
                activation.OnFailed(this, Failure);
            LogFailed(Key, Failure.Message, exception);
        }
        finally
        {
            host.EndLoad();
            GranaryMeter.Load(Key, Failure is null, LoadDuration);
            _loaded.SetResult();
        }
    }

    private async Task<ModelExecutor> BuildInTurnAsync()
    {
        await host.EnterLoadAsync(_unwanted.Token);
        try
        {
            return await BuildAsync(_unwanted.Token);
        }
        finally
        {
            host.LeaveLoad();
        }
    }

    private async Task<ModelExecutor> BuildAsync(CancellationToken cancellation)
    {
        var model = await loader.LoadAsync(activation.Definition, cancellation);
        try
        {
            await host.Budget.AdmitAsync(this, HostBytes(model), cancellation);
            var executor = new ModelExecutor(activation.Definition with { Instances = activation.Instances }, model, Gate, counters, host.Threads, host.Options, time, logger)
            {
                Handlers = HandlerChain.Create(activation.Definition, model, host.Embeddings),
                Responses = activation.Definition.ResponseCache ? host.Responses.Open() : null,
            };
            await executor.WarmUpAsync();
            executor.SetInstances(activation.Instances);
            return executor;
        }
        catch
        {
            host.Budget.Release(this);
            model.Dispose();
            throw;
        }
    }

    // Weights on a GPU do not fill host memory.
    private static long HostBytes(ILoadedModel model) =>
        model.Device.StartsWith("cuda", StringComparison.Ordinal) ? 0 : model.ParameterBytes;

    private async Task EndCoreAsync()
    {
        await Gate.CloseAsync();
        if (Executor is null)
            await _unwanted.CancelAsync();
        await Loaded;
        if (Executor is not { } executor)
            return;
        try
        {
            executor.Dispose();
        }
        catch (Exception exception)
        {
            LogDisposeFailed(Key, exception);
        }

        host.Budget.Release(this);
        Trim();
        LogUnloaded(Key);
    }

    private void Trim()
    {
        try
        {
            host.Runtime.TrimMemory();
        }
        catch (Exception exception)
        {
            LogDisposeFailed(Key, exception);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{Model} is ready on {Device}: {ParameterBytes} bytes of parameters, loaded in {Milliseconds} ms.")]
    private partial void LogReady(ModelKey model, string device, long parameterBytes, double milliseconds);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Model} could not be loaded: {Reason}")]
    private partial void LogFailed(ModelKey model, string reason, Exception exception);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Model} is unloaded.")]
    private partial void LogUnloaded(ModelKey model);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Model} could not be freed cleanly.")]
    private partial void LogDisposeFailed(ModelKey model, Exception exception);
}
