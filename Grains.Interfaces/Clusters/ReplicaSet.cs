namespace Granary.Grains.Interfaces.Clusters;

/// <summary>
/// The replicas of one model as one process sees them: grain references, calls of this process in flight, and the load that
/// each replica reported with its last answer. A call goes to the better of two picked at random.
/// </summary>
internal sealed class ReplicaSet
{
    private readonly IModelGrain[] _grains;
    private readonly int[] _inFlight;
    private readonly int[] _reported;

    public ReplicaSet(IGrainFactory grains, ModelKey key, bool needsAccelerator, int count)
    {
        _grains = new IModelGrain[count];
        for (var i = 0; i < count; i++)
        {
            var grainKey = ReplicaKeys.Format(key, i);
            _grains[i] = needsAccelerator ? grains.GetGrain<IGpuModelGrain>(grainKey) : grains.GetGrain<ICpuModelGrain>(grainKey);
        }

        _inFlight = new int[count];
        _reported = new int[count];
        NeedsAccelerator = needsAccelerator;
    }

    public int Count => _grains.Length;

    public bool NeedsAccelerator { get; }

    public IModelGrain this[int replica] => _grains[replica];

    /// <summary>Picks a replica and counts a call on it; <see cref="Leave"/> ends that.</summary>
    /// <param name="avoid">A replica that just failed; -1 for none.</param>
    public int Enter(int avoid)
    {
        var chosen = Choose(avoid);
        Interlocked.Increment(ref _inFlight[chosen]);
        return chosen;
    }

    /// <summary>Ends a call.</summary>
    /// <param name="replica">What <see cref="Enter"/> returned.</param>
    /// <param name="load">What the replica said of its load; null when it did not answer.</param>
    public void Leave(int replica, int? load)
    {
        Interlocked.Decrement(ref _inFlight[replica]);
        if (load is { } known)
            Volatile.Write(ref _reported[replica], known);
    }

    private int Choose(int avoid)
    {
        var count = _grains.Length;
        if (count == 1)
            return 0;
        var first = Random.Shared.Next(count);
        var second = Random.Shared.Next(count - 1);
        if (second >= first)
            second++;
        if (first == avoid)
            return second;
        return second == avoid || Load(first) <= Load(second) ? first : second;
    }

    // What others put there according to its last answer, and what this process has under way now.
    private int Load(int replica) => Volatile.Read(ref _reported[replica]) + Volatile.Read(ref _inFlight[replica]);
}
