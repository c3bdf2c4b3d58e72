using System.Collections.Concurrent;
using Granary.Grains.Interfaces.Catalog;
using Orleans.Runtime.Placement;

namespace Granary.Grains.Placement;

/// <summary>
/// Chooses the silo of a model: not one that holds a sibling replica if another will do, CPU models not on GPU silos if another
/// will do, and then the one with most free memory, counting what was placed there since its last report.
/// </summary>
internal sealed class ModelPlacementDirector(SiloBoardWatch board, OrleansModelCatalog catalog, TimeProvider time) : IPlacementDirector
{
    private static readonly TimeSpan Remembered = TimeSpan.FromSeconds(10);
    private readonly ConcurrentQueue<Placed> _recent = new();

    public Task<SiloAddress> OnAddActivation(PlacementStrategy strategy, PlacementTarget target, IPlacementContext context)
    {
        var accelerator = ((ModelPlacement)strategy).Accelerator;
        var grainKey = target.GrainIdentity.Key.ToString()!;
        var (key, _) = ReplicaKeys.Parse(grainKey);
        var bytes = catalog.Peek(key)?.MemoryBytes ?? 0;
        var avoid = target.RequestContextData?.GetValueOrDefault(OrleansModelCluster.AvoidKey) as string ?? "";
        Forget();

        var candidates = context.GetCompatibleSilos(target);
        var best = candidates
            .Select(silo => Rate(silo, key, grainKey, accelerator, bytes, avoid))
            .Order()
            .FirstOrDefault();
        if (best is null)
            throw new ServingException(ServingError.Unavailable, SiloFitness.Missing(board.Silos, key, accelerator, bytes) ?? $"no silo can hold model '{key}' now");
        _recent.Enqueue(new Placed(best.Silo, key, grainKey, bytes, time.GetTimestamp()));
        return Task.FromResult(best.Silo);
    }

    private Rating Rate(SiloAddress silo, ModelKey key, string grainKey, bool accelerator, long bytes, string avoid)
    {
        var name = silo.ToParsableString();
        var report = board.Find(name);
        var placed = _recent.Where(one => one.Silo.Equals(silo)).ToList();
        var sibling = avoid.Contains(name, StringComparison.Ordinal)
            || placed.Any(one => one.Key == key && one.GrainKey != grainKey)
            || (report?.Models.Any(model => model.GrainKey != grainKey && ReplicaKeys.Parse(model.GrainKey).Key == key) ?? false);
        var free = report is null ? 0 : (accelerator ? report.FreeAcceleratorBytes : report.FreeMemoryBytes) - placed.Sum(one => one.Bytes);
        return new Rating(
            silo,
            report is null || !SiloFitness.CanHold(report, accelerator, bytes),
            sibling,
            !accelerator && report?.Accelerator == SiloFitness.Cuda,
            free,
            placed.Count);
    }

    private void Forget()
    {
        while (_recent.TryPeek(out var oldest) && time.GetElapsedTime(oldest.At) > Remembered)
            _recent.TryDequeue(out _);
    }

    private sealed record Placed(SiloAddress Silo, ModelKey Key, string GrainKey, long Bytes, long At);

    /// <summary>Sorts best first.</summary>
    private sealed record Rating(SiloAddress Silo, bool Unfit, bool Sibling, bool WastesAccelerator, long Free, int JustPlaced) : IComparable<Rating>
    {
        public int CompareTo(Rating? other)
        {
            if (other is null)
                return -1;
            var order = Unfit.CompareTo(other.Unfit);
            if (order == 0)
                order = Sibling.CompareTo(other.Sibling);
            if (order == 0)
                order = WastesAccelerator.CompareTo(other.WastesAccelerator);
            if (order == 0)
                order = other.Free.CompareTo(Free);
            return order != 0 ? order : JustPlaced.CompareTo(other.JustPlaced);
        }
    }
}
