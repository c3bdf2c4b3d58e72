namespace Granary.Grains.Interfaces.Clusters;

/// <summary>One status for all replicas of a version.</summary>
internal static class StatusSums
{
    /// <summary>Counts are added up; the state is that of the most alive replica.</summary>
    public static ModelStatus Sum(ModelKey key, IReadOnlyList<ModelStatus> replicas)
    {
        if (replicas.Count == 0)
            return new ModelStatus { Key = key, State = ModelState.Unloaded };
        var best = replicas.MinBy(status => Rank(status.State))!;
        if (replicas.Count == 1)
            return best with { Key = key };
        return best with
        {
            Key = key,
            Silo = string.Join(' ', replicas.Select(status => status.Silo)),
            ResidentBytes = replicas.Sum(status => status.ResidentBytes),
            Running = replicas.Sum(status => status.Running),
            Queued = replicas.Sum(status => status.Queued),
            Pinned = replicas.All(status => status.Pinned),
            LastUsedAt = replicas.Max(status => status.LastUsedAt),
            Statistics = ModelStatistics.Sum([.. replicas.Select(status => status.Statistics)]),
        };
    }

    private static int Rank(ModelState state) => state switch
    {
        ModelState.Ready => 0,
        ModelState.Loading => 1,
        ModelState.Draining => 2,
        ModelState.Failed => 3,
        _ => 4,
    };
}
