using Granary.Grains.Interfaces.Contracts;
using Microsoft.Extensions.Logging;

namespace Granary.Grains.Interfaces.Clusters;

/// <summary>The door to the models as an Orleans client sees it: every call is a grain call to one replica of the model.</summary>
internal sealed partial class OrleansModelCluster(
    IGrainFactory grains,
    ReplicaRouter router,
    RetryPolicy retry,
    TimeProvider time,
    ILogger<OrleansModelCluster> log) : IModelCluster
{
    /// <summary>Request context key: silos that a new replica should not go to, because a sibling lives there.</summary>
    internal const string AvoidKey = "granary.avoid";

    public async ValueTask<InferenceResult> InferAsync(ModelKey key, InferenceRequest request, CancellationToken cancellation = default)
    {
        var started = retry.Start();
        var avoid = -1;
        while (true)
        {
            var replicas = await router.FindAsync(key, cancellation);
            var replica = replicas.Enter(avoid);
            int? load = null;
            try
            {
                var callId = Random.Shared.NextInt64();
                var call = replicas[replica].InferAsync(CallMapping.ToCall(request, callId), cancellation);
                var reply = await CallGuard.WaitAsync(call, replicas[replica], callId, time);
                load = reply.Load;
                return CallMapping.ToResult(key, reply);
            }
            catch (Exception error) when (retry.ShouldRetry(error, started, cancellation))
            {
                LogRetry(ReplicaKeys.Format(key, replica), error.Message);
                avoid = replica;
            }
            catch (Exception error) when (RetryPolicy.IsOurs(error, cancellation))
            {
                throw RetryPolicy.Explain(error, key);
            }
            finally
            {
                replicas.Leave(replica, load);
            }

            await retry.DelayAsync(cancellation);
        }
    }

    public async ValueTask<ModelStatus> LoadAsync(ModelKey key, CancellationToken cancellation = default)
    {
        var replicas = await router.FindAsync(key, cancellation);
        var statuses = new List<ModelStatus>();
        try
        {
            for (var i = 0; i < replicas.Count; i++)
            {
                RequestContext.Set(AvoidKey, string.Join(' ', statuses.Select(status => status.Silo)));
                statuses.Add(await LoadAsync(replicas[i], key, cancellation));
            }
        }
        finally
        {
            RequestContext.Remove(AvoidKey);
        }

        return StatusSums.Sum(key, statuses);
    }

    private async Task<ModelStatus> LoadAsync(IModelGrain grain, ModelKey key, CancellationToken cancellation)
    {
        for (var started = retry.Start(); ; await retry.DelayAsync(cancellation))
        {
            try
            {
                var callId = Random.Shared.NextInt64();
                return await CallGuard.WaitAsync(grain.LoadAsync(callId, cancellation), grain, callId, time);
            }
            catch (Exception error) when (retry.ShouldRetry(error, started, cancellation))
            {
                LogRetry(key.ToString(), error.Message);
            }
            catch (Exception error) when (RetryPolicy.IsOurs(error, cancellation))
            {
                throw RetryPolicy.Explain(error, key);
            }
        }
    }

    public async ValueTask<bool> UnloadAsync(ModelKey key, CancellationToken cancellation = default)
    {
        var any = false;
        foreach (var grain in await ResidentAsync(key))
            any |= await grain.UnloadAsync().WaitAsync(cancellation);
        router.Forget(key);
        return any;
    }

    public async ValueTask<ModelStatus> PinAsync(ModelKey key, bool pinned, CancellationToken cancellation = default)
    {
        var replicas = await router.FindAsync(key, cancellation);
        var statuses = new List<ModelStatus>();
        for (var i = 0; i < replicas.Count; i++)
            statuses.Add(await replicas[i].PinAsync(pinned).WaitAsync(cancellation));
        return StatusSums.Sum(key, statuses);
    }

    public async ValueTask<ModelStatus> ScaleAsync(ModelKey key, int instances, CancellationToken cancellation = default)
    {
        router.Forget(key);
        var status = await LoadAsync(key, cancellation);
        var replicas = await router.FindAsync(key, cancellation);
        var share = SiloFitness.Share(instances, replicas.Count);
        for (var i = 0; i < replicas.Count; i++)
            await replicas[i].ScaleAsync(share).WaitAsync(cancellation);
        foreach (var (grain, replica) in await ResidentReplicasAsync(key))
        {
            if (replica >= replicas.Count)
                await grain.UnloadAsync().WaitAsync(cancellation);
        }

        return status;
    }

    public async ValueTask<ModelStatus> GetStatusAsync(ModelKey key, CancellationToken cancellation = default)
    {
        var resident = await ResidentAsync(key);
        var statuses = await Task.WhenAll(resident.Select(grain => grain.GetStatusAsync())).WaitAsync(cancellation);
        return StatusSums.Sum(key, statuses);
    }

    public async ValueTask<IReadOnlyList<ModelStatus>> ListAsync(CancellationToken cancellation = default)
    {
        var board = await Board().WaitAsync(cancellation);
        var keys = board.Silos.SelectMany(silo => silo.Models).Select(model => ReplicaKeys.Parse(model.GrainKey).Key).Distinct();
        var statuses = new List<ModelStatus>();
        foreach (var key in keys.OrderBy(key => key.ToString(), StringComparer.Ordinal))
            statuses.Add(await GetStatusAsync(key, cancellation));
        return statuses;
    }

    private async Task<IReadOnlyList<IModelGrain>> ResidentAsync(ModelKey key) =>
        (await ResidentReplicasAsync(key)).Select(pair => pair.Grain).ToList();

    // Only what is in some silo's memory: asking a grain that is not would wake it up.
    private async Task<IReadOnlyList<(IModelGrain Grain, int Replica)>> ResidentReplicasAsync(ModelKey key)
    {
        var board = await Board();
        var found = new List<(IModelGrain, int)>();
        foreach (var silo in board.Silos)
        {
            foreach (var model in silo.Models)
            {
                var (residentKey, replica) = ReplicaKeys.Parse(model.GrainKey);
                if (residentKey != key)
                    continue;
                found.Add((model.OnAccelerator
                    ? grains.GetGrain<IGpuModelGrain>(model.GrainKey)
                    : grains.GetGrain<ICpuModelGrain>(model.GrainKey), replica));
            }
        }

        return found;
    }

    private Task<SiloBoard> Board() => grains.GetGrain<ISiloBoardGrain>(ISiloBoardGrain.Key).GetAsync();

    [LoggerMessage(Level = LogLevel.Warning, Message = "calling {GrainKey} again elsewhere: {Reason}")]
    private partial void LogRetry(string grainKey, string reason);
}
