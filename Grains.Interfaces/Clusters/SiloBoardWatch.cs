using Granary.Grains.Interfaces.Contracts;

namespace Granary.Grains.Interfaces.Clusters;

/// <summary>The last board that this process saw. Thread-safe; refreshed by whoever owns the schedule.</summary>
public sealed class SiloBoardWatch(TimeProvider time)
{
    /// <summary>
    /// A silo that has not reported for this long counts as gone: five reports. Counted up to the last board that came: while the
    /// board itself cannot be reached, what was known stays.
    /// </summary>
    public static readonly TimeSpan Stale = TimeSpan.FromSeconds(10);

    private Dictionary<string, Sighting> _silos = [];
    private long _updatedAt;

    /// <summary>Reports that are young enough to act on, sorted by address.</summary>
    public IReadOnlyList<SiloReport> Silos
    {
        get
        {
            var silos = new List<SiloReport>();
            foreach (var sighting in Volatile.Read(ref _silos).Values)
            {
                if (IsFresh(sighting))
                    silos.Add(sighting.Report);
            }

            return silos;
        }
    }

    /// <summary>Takes a newer board.</summary>
    public void Update(SiloBoard board)
    {
        // Clocks of machines differ: what counts is when this process first heard of a report.
        var now = time.GetTimestamp();
        var known = Volatile.Read(ref _silos);
        var next = new Dictionary<string, Sighting>(board.Silos.Length);
        foreach (var report in board.Silos)
        {
            next[report.Silo] = known.TryGetValue(report.Silo, out var before) && before.Report.Sequence == report.Sequence
                ? before
                : new Sighting(report, now);
        }

        // A board that was just reborn on another silo knows little yet; who is missing stays known until it has gone stale.
        foreach (var (silo, sighting) in known)
        {
            if (time.GetElapsedTime(sighting.At, now) < Stale)
                next.TryAdd(silo, sighting);
        }

        Volatile.Write(ref _silos, next);
        Volatile.Write(ref _updatedAt, now);
    }

    /// <summary>The report of one silo; null when there is none that is young enough.</summary>
    public SiloReport? Find(string silo) =>
        Volatile.Read(ref _silos).TryGetValue(silo, out var sighting) && IsFresh(sighting) ? sighting.Report : null;

    private bool IsFresh(Sighting sighting) => time.GetElapsedTime(sighting.At, Volatile.Read(ref _updatedAt)) < Stale;

    private sealed record Sighting(SiloReport Report, long At);
}
