using Granary.Serving.Clusters;
using Granary.Serving.Models;
using Granary.Torch;
using Microsoft.Extensions.Logging;

namespace Granary.Serving.Activations;

/// <summary>
/// Runs the calls of one module: inline on the caller's thread while calls are short, else first come, first served on the shared
/// inference threads, at most <see cref="ModelDefinition.Instances"/> at once, rows joined where the definition allows it.
/// A call that has started natively is never interrupted: its caller gets the answer even when its deadline passed meanwhile, because
/// the inputs are the caller's and must stay alive until the native call ended.
/// </summary>
internal sealed partial class ModelExecutor : IInferenceWork, IDisposable
{
    private readonly Lock _sync = new();
    private readonly CallQueue _queue;
    private readonly BatchFormer _former;
    private readonly AnswerOrder? _order;
    private readonly ModelDefinition _definition;
    private readonly ILoadedModel _model;
    private readonly CallGate _gate;
    private readonly ModelCounters _counters;
    private readonly InferenceThreadPool _threads;
    private readonly RequestChecker _checker;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly InlinePolicy _policy;
    private readonly ModelKey _key;
    private readonly ModelProvenance _provenance;
    private readonly bool _joins;
    private int _instances;
    private bool _bounded;
    private readonly int _warmUpCalls;
    private readonly bool _hasRows;
    private readonly ITimer? _delayTimer;
    private int _maxRows;
    private int _limit = 1;
    private volatile bool _warmed;
    private int _queued;
    private int _slots;
    private int _tickets;

    public ModelExecutor(ModelDefinition definition, ILoadedModel model, CallGate gate, ModelCounters counters, InferenceThreadPool threads, ActivationOptions options, TimeProvider time, ILogger logger)
    {
        _definition = definition;
        _model = model;
        _gate = gate;
        _counters = counters;
        _threads = threads;
        _time = time;
        _logger = logger;
        _key = definition.Key;
        _provenance = new ModelProvenance(model.Sha256, $"{threads.Engine}; {model.Device}");
        _checker = new RequestChecker(definition, model.Methods);
        _queue = new CallQueue(definition.Batching);
        _former = new BatchFormer(definition.Batching, time);
        _order = definition.Batching.PreserveOrder ? new AnswerOrder() : null;
        _joins = definition.Batching.MaxBatchSize > 1;
        _bounded = IsBounded(definition.Instances);
        _instances = Count(definition.Instances);
        _warmUpCalls = options.WarmUpCalls;
        _hasRows = definition.Inputs is [] or [{ Shape: [-1, ..] }, ..];
        _maxRows = definition.Batching.MaxBatchSize;
        // OpenMP makes threads for every thread that calls; those of requests come and go.
        var handsOver = _former.Waits || _order is not null || definition.IntraOpThreads > 1;
        _policy = new InlinePolicy(handsOver ? TimeSpan.Zero : options.InlineBelow, time);
        if (_former.Waits)
            _delayTimer = time.CreateTimer(static state => ((ModelExecutor)state!).Pump(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public ILoadedModel Model => _model;

    /// <summary>Calls that wait for an instance.</summary>
    public int Queued => Volatile.Read(ref _queued);

    /// <summary>Whether short calls run on the caller's thread at the moment.</summary>
    public bool RunsInline => _policy.Allowed;

    /// <summary>Whether a call keeps its caller's thread for longer than a hand-over would take.</summary>
    public bool HoldsCaller => _policy.HoldsCaller;

    /// <summary>Runs one request. The caller has entered the gate; this leaves it.</summary>
    /// <param name="request">Read only until the returned task ended.</param>
    /// <param name="arrived">Timestamp of its arrival.</param>
    /// <param name="cancellation">Ends the wait in the queue, not a call that has started.</param>
    public ValueTask<InferenceResult> RunAsync(InferenceRequest request, long arrived, CancellationToken cancellation)
    {
        IReadOnlyList<Argument> arguments;
        try
        {
            arguments = _checker.Bind(request);
        }
        catch (Exception exception)
        {
            return Refuse(TorchErrors.OfCall(exception, _key, request.Method), arrived);
        }

        // Without a configured number of instances short calls are bounded by the threads that make them, which saves two atomic operations;
        // but where calls are joined those that find every core busy must pile up.
        var bounded = Volatile.Read(ref _bounded);
        if (_policy.Allowed && Volatile.Read(ref _queued) == 0 && (!bounded || TryTakeSlot()))
            return RunInline(request, arguments, arrived, bounded);
        return Enqueue(request, arguments, arrived, cancellation);
    }

    /// <summary>Changes how many calls may run at once; 0 for as many as the host has cores for their threads. Calls that run now finish.</summary>
    public void SetInstances(int instances)
    {
        lock (_sync)
        {
            Volatile.Write(ref _instances, Count(instances));
            Volatile.Write(ref _bounded, IsBounded(instances));
            if (_warmed)
                Volatile.Write(ref _limit, _instances);
        }

        Pump();
    }

    /// <summary>Takes a call out of the queue because its caller stopped waiting; nothing when it has started or ended.</summary>
    public void Withdraw(QueuedCall call, Exception reason)
    {
        lock (_sync)
        {
            if (call.Lane is null)
            {
                call.Withdrawn ??= reason;
                return;
            }

            _queue.Remove(call);
            Volatile.Write(ref _queued, _queue.Count);
        }

        Abandon(call, reason);
        // Without it those that remain may make a batch that waits for nothing more.
        if (_delayTimer is not null)
            Pump();
    }

    public ServingException TimedOut() => new(ServingError.DeadlineExceeded, $"the request to model '{_key}' waited in the queue until its deadline passed");

    public ServingException WaitedTooLong() => new(ServingError.Overloaded,
        $"Request timeout expired: the request to model '{_key}' waited in the queue for longer than its time-out there; try again later");

    /// <summary>Ends the module. Nobody is inside the gate any more.</summary>
    public void Dispose()
    {
        _delayTimer?.Dispose();
        Responses?.Dispose();
        _model.Dispose();
    }

    private int Count(int instances) => instances > 0 ? instances : Math.Max(1, Environment.ProcessorCount / Math.Max(1, _definition.IntraOpThreads));

    private bool IsBounded(int instances) => instances > 0 || _joins || _definition.IntraOpThreads > 1;

    private ValueTask<InferenceResult> RunInline(InferenceRequest request, IReadOnlyList<Argument> arguments, long arrived, bool holdsSlot)
    {
        InferenceResult result;
        try
        {
            _threads.WarmThisThread();
            var forward = _model.Invoke(request.Method, arguments.AsSpan(), request.Deterministic);
            var ended = _time.GetTimestamp();
            var rows = RowsOf(arguments);
            _counters.Execution(rows, ended - arrived);
            result = Answer(forward.Value, forward, arrived, arrived, ended, rows);
            _policy.Observe(ended - arrived);
        }
        catch (Exception exception)
        {
            ReleaseInlineSlot(holdsSlot);
            return Refuse(TorchErrors.OfCall(exception, _key, request.Method), arrived);
        }

        ReleaseInlineSlot(holdsSlot);
        _gate.Leave();
        return new ValueTask<InferenceResult>(result);
    }

    /// <summary>The answer to a request that ran alone: nothing was joined or cut.</summary>
    private InferenceResult Answer(Value value, IDisposable owner, long arrived, long started, long ended, int rows)
    {
        var timing = new InferenceTiming(_time.GetElapsedTime(arrived, started), _time.GetElapsedTime(started, ended));
        _counters.Success(ended - arrived, started - arrived, ended - started, rows, ended);
        GranaryMeter.Success(_key, timing.Queue + timing.Compute, timing.Queue, timing.Compute);
        return new InferenceResult(_key, value, owner, timing) { Provenance = _provenance };
    }

    private ValueTask<InferenceResult> Refuse(Exception exception, long arrived)
    {
        Count(exception, arrived);
        _gate.Leave();
        return ValueTask.FromException<InferenceResult>(exception);
    }

    private void Count(Exception exception, long arrived)
    {
        var error = exception is ServingException serving ? serving.Error : ServingError.Cancelled;
        var duration = _time.GetTimestamp() - arrived;
        _counters.Failure(error, duration);
        GranaryMeter.Failure(_key, error, _time.GetElapsedTime(0, duration));
    }

    private void Fail(QueuedCall call, Exception exception)
    {
        Count(exception, call.Arrived);
        _gate.Leave();
        call.Fail(exception);
    }

    private void Abandon(QueuedCall call, Exception exception)
    {
        Count(exception, call.Arrived);
        _gate.Leave();
        call.Abandon(exception);
    }

    /// <summary>Rows for the statistics: dimension 0 where there can be a batch.</summary>
    private int RowsOf(IReadOnlyList<Argument> arguments)
    {
        var least = _joins ? 0 : 1;
        if (!_hasRows || arguments.Count == 0)
            return 1;
        var value = arguments[0].Value;
        if (value is DictValue { Entries: [var entry, ..] })
            value = entry.Value;
        return value is Tensor tensor && tensor.Shape.Length > least ? (int)Math.Min(tensor.Shape[0], int.MaxValue) : 1;
    }
}
