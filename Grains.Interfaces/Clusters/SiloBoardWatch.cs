using Granary.Grains.Interfaces.Contracts;

namespace Granary.Grains.Interfaces.Clusters;

/// <summary>The last board that this process saw. Thread-safe; refreshed by whoever owns the schedule.</summary>
public sealed class SiloBoardWatch(TimeProvider time)
{
    /// <summary>A silo that has not reported for this long counts as gone: five reports.</summary>
    public static readonly TimeSpan Stale = TimeSpan.FromSeconds(10);

    private Dictionary<string, Sighting> _silos = [];

    /// <summary>Reports that are young enough to act on, sorted by address.</summary>
    public IReadOnlyList<SiloReport> Silos
    {
        get
        {
            var silos = new List<SiloReport>();
            foreach (var sighting in Volatile.Read(ref _silos).Values)
            {
                if (time.GetElapsedTime(sighting.At) < Stale)
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

        Volatile.Write(ref _silos, next);
    }

    /// <summary>The report of one silo; null when there is none that is young enough.</summary>
    public SiloReport? Find(string silo) =>
        Volatile.Read(ref _silos).TryGetValue(silo, out var sighting) && time.GetElapsedTime(sighting.At) < Stale ? sighting.Report : null;

    private sealed record Sighting(SiloReport Report, long At);
}
