namespace Granary.Serving.Formats.Triton.Repository;

/// <summary>
/// Follows changes of repositories. A directory that differs is looked at again after <see cref="ModelRepositoryOptions.SettleTime"/>
/// and acted on when it is still the same, so that a file is not loaded while it is copied.
/// </summary>
internal sealed class RepositoryPoller(ModelRepositoryManager manager, ModelRepositoryOptions options, TimeProvider time)
{
    private readonly Dictionary<string, (string Stamp, string Repository)> _applied = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (string Stamp, long Since)> _pending = new(StringComparer.Ordinal);

    /// <summary>Takes the present state as known.</summary>
    public async Task BeginAsync(CancellationToken cancellation)
    {
        foreach (var (name, model) in (await manager.ScanAsync(cancellation)).Models)
            _applied[name] = (model.Stamp, model.Store.Id);
    }

    /// <summary>One look.</summary>
    /// <returns>When to look again.</returns>
    public async Task<TimeSpan> RoundAsync(CancellationToken cancellation)
    {
        var scan = await manager.ScanAsync(cancellation);
        var changed = new List<string>();
        foreach (var name in scan.Models.Keys.Union(_applied.Keys).Order(StringComparer.Ordinal).ToList())
        {
            var model = scan.Models.GetValueOrDefault(name);
            // What cannot be looked at now is not gone.
            if (model is null && scan.Unreadable.Contains(_applied[name].Repository))
                continue;
            if (IsSettled(name, model?.Stamp ?? ""))
                changed.Add(name);
        }

        if (changed.Count > 0)
            await ApplyAsync(changed, scan, cancellation);
        return _pending.Count > 0 && options.SettleTime < options.PollInterval ? options.SettleTime : options.PollInterval;
    }

    private bool IsSettled(string name, string stamp)
    {
        if (_applied.TryGetValue(name, out var applied) && applied.Stamp == stamp)
        {
            _pending.Remove(name);
            return false;
        }

        if (!_pending.TryGetValue(name, out var pending) || pending.Stamp != stamp)
        {
            _pending[name] = (stamp, time.GetTimestamp());
            return false;
        }

        return time.GetElapsedTime(pending.Since) >= options.SettleTime;
    }

    private Task ApplyAsync(List<string> changed, RepositoryScan scan, CancellationToken cancellation)
    {
        foreach (var name in changed)
        {
            _pending.Remove(name);
            // A failure is not tried again until something changes; the manager tells it.
            if (scan.Models.TryGetValue(name, out var model))
                _applied[name] = (model.Stamp, model.Store.Id);
            else
                _applied.Remove(name);
        }

        return manager.FollowAsync(changed, scan, cancellation);
    }
}
