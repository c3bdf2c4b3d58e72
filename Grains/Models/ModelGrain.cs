using System.Collections.Concurrent;
using Granary.Serving.Activations;

namespace Granary.Grains.Models;

/// <summary>
/// One model version in a silo's memory: identity and lifecycle here, everything else in <see cref="ModelActivation"/>, the same
/// object the in-process cluster holds. Activating starts the load; calls wait for it.
/// </summary>
internal abstract class ModelGrain(ModelGrainHost host) : Grain, IModelGrain
{
    private static readonly TimeSpan FaultShownFor = TimeSpan.FromMilliseconds(500);
    private readonly ConcurrentDictionary<long, bool> _calls = new();
    private ModelKey _key;
    private int _replica;
    private ModelActivation? _activation;
    private ServingException? _fault;

    /// <summary>Whether its weights are on a GPU.</summary>
    public abstract bool OnAccelerator { get; }

    /// <summary>The grain key.</summary>
    public string GrainKey => this.GetPrimaryKeyString();

    /// <summary>What the board says of it.</summary>
    public long ResidentBytes => _activation?.Status.ResidentBytes ?? 0;

    /// <summary>What it serves; null when its key is unknown.</summary>
    public ModelDefinition? Definition => _activation?.Definition;

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        try
        {
            (_key, _replica) = ReplicaKeys.Parse(GrainKey);
            _activation = await host.CreateAsync(_key, OnAccelerator, cancellationToken);
            host.Add(this);
            _activation.StartLoad();
            this.RegisterGrainTimer(static (grain, _) => grain.LeaveIfIdleAsync(), this, host.IdleCheckPeriod, host.IdleCheckPeriod);
        }
        catch (ServingException fault)
        {
            // The calls that wait get the reason; deactivating now would only send them round. Later ones try anew.
            _fault = fault;
            this.RegisterGrainTimer(
                static (grain, _) =>
                {
                    grain.DeactivateOnIdle();
                    return Task.CompletedTask;
                },
                this,
                FaultShownFor,
                Timeout.InfiniteTimeSpan);
        }
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        host.Remove(this);
        if (_activation is not null)
            await _activation.RetireAsync().WaitAsync(cancellationToken);
    }

    public async Task<InferReply> InferAsync(InferCall call, CancellationToken cancellation)
    {
        _calls[call.CallId] = true;
        try
        {
            var activation = Activation();
            var request = CallMapping.ToRequest(call);
            // A grain's turns follow each other on one thread; calls that take a while may run on all of the silo's cores.
            var result = activation.HoldsCaller
                ? await Task.Run(() => activation.InferAsync(request, cancellation).AsTask(), CancellationToken.None)
                : await activation.InferAsync(request, cancellation);
            return CallMapping.ToReply(result, call, activation.Load);
        }
        finally
        {
            _calls.TryRemove(call.CallId, out _);
            foreach (var input in call.Inputs)
                input.Dispose();
        }
    }

    public async Task<ModelStatus> LoadAsync(long callId, CancellationToken cancellation)
    {
        _calls[callId] = true;
        try
        {
            return Describe(await Activation().WaitReadyAsync(ignoreBackoff: true, cancellation));
        }
        finally
        {
            _calls.TryRemove(callId, out _);
        }
    }

    public Task<bool> HoldsAsync(long callId) => Task.FromResult(_calls.ContainsKey(callId));

    public async Task<bool> UnloadAsync()
    {
        DeactivateOnIdle();
        return _activation is not null && await _activation.DrainAsync();
    }

    public Task<ModelStatus> PinAsync(bool pinned)
    {
        var activation = Activation();
        activation.IsPinned = pinned;
        return Task.FromResult(Describe(activation.Status));
    }

    public Task<ModelStatus> ScaleAsync(int instances)
    {
        var activation = Activation();
        activation.Instances = instances;
        return Task.FromResult(Describe(activation.Status));
    }

    public Task<ModelStatus> GetStatusAsync() => Task.FromResult(Describe(Activation().Status));

    private ModelActivation Activation() => _activation ?? throw _fault!;

    private ModelStatus Describe(ModelStatus status) => status with { Key = _key, Silo = host.Silo, Replica = _replica };

    private async Task LeaveIfIdleAsync()
    {
        // Evicted for memory, unloaded after its idle time, or failed and no longer asked for: nothing is left to keep.
        if (await _activation!.DrainIfIdleAsync() || _activation.Status.State is ModelState.Unloaded or ModelState.Failed)
            DeactivateOnIdle();
    }
}
