namespace Granary.Grains.Silos;

/// <summary>Collects the silos' reports in memory; a silo that stopped reporting drops out.</summary>
[KeepAlive]
internal sealed class SiloBoardGrain(TimeProvider time) : Grain, ISiloBoardGrain
{
    private readonly SortedDictionary<string, (SiloReport Report, long At)> _reports = new(StringComparer.Ordinal);

    public Task<SiloBoard> ReportAsync(SiloReport report)
    {
        // Reports of one silo may overtake each other.
        if (!_reports.TryGetValue(report.Silo, out var known) || known.Report.Sequence < report.Sequence)
            _reports[report.Silo] = (report, time.GetTimestamp());
        return GetAsync();
    }

    public Task WithdrawAsync(string silo)
    {
        _reports.Remove(silo);
        return Task.CompletedTask;
    }

    public Task<SiloBoard> GetAsync()
    {
        foreach (var silo in _reports.Where(pair => time.GetElapsedTime(pair.Value.At) > SiloBoardWatch.Stale).Select(pair => pair.Key).ToList())
            _reports.Remove(silo);
        return Task.FromResult(new SiloBoard { Silos = [.. _reports.Values.Select(pair => pair.Report)] });
    }
}
