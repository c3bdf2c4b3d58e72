using System.Diagnostics;

namespace Granary.Bench.Perf;

/// <summary>Every latency of a measurement; nothing is rounded into buckets.</summary>
internal sealed class Latencies
{
    private readonly List<long> _ticks = new(1 << 16);
    private TimeSpan _duration;

    public long Errors { get; private set; }

    public int Count => _ticks.Count;

    public double PerSecond => _ticks.Count / _duration.TotalSeconds;

    public double MeanMs => _ticks.Count == 0 ? 0 : _ticks.Average() * 1000 / Stopwatch.Frequency;

    /// <summary>Joins the notes of several loops.</summary>
    public static Latencies Join(IEnumerable<Latencies> parts, TimeSpan duration)
    {
        var all = new Latencies { _duration = duration };
        foreach (var part in parts)
        {
            all._ticks.AddRange(part._ticks);
            all.Errors += part.Errors;
        }

        all._ticks.Sort();
        return all;
    }

    public void Add(long ticks, bool ok)
    {
        if (ok)
            _ticks.Add(ticks);
        else
            Errors++;
    }

    /// <summary>The latency that this share of the requests did not exceed, in milliseconds.</summary>
    public double Percentile(double share) => _ticks.Count == 0 ? 0
        : _ticks[Math.Min(_ticks.Count - 1, (int)Math.Ceiling(share * _ticks.Count) - 1 is var at && at < 0 ? 0 : at)] * 1000.0 / Stopwatch.Frequency;
}
