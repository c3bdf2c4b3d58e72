using Microsoft.Extensions.Logging;

namespace Granary.Serving.Activations;

/// <summary>
/// Keeps the models of this host within its memory: a newcomer that does not fit makes the least recently used ones leave, those
/// without calls first, never a pinned one. One newcomer at a time decides.
/// </summary>
internal sealed partial class ResidencyBudget : IDisposable
{
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly Dictionary<IResident, long> _residents = [];
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ModelMemoryOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly long _maxBytes;
    private readonly int _maxModels;

    public ResidencyBudget(ModelMemoryOptions options, TimeProvider time, ILogger logger)
    {
        _options = options;
        _time = time;
        _logger = logger;
        _maxBytes = (options.MaxResidentBytes ?? (long)(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes * 0.8)) is var bytes and > 0 ? bytes : long.MaxValue;
        _maxModels = options.MaxResidentModels > 0 ? options.MaxResidentModels : int.MaxValue;
    }

    /// <summary>Bytes of all residents.</summary>
    public long ResidentBytes
    {
        get
        {
            lock (_residents)
                return _residents.Values.Sum();
        }
    }

    /// <summary>Bytes that may still be taken.</summary>
    public long FreeBytes => _maxBytes == long.MaxValue ? long.MaxValue : Math.Max(0, _maxBytes - ResidentBytes);

    /// <summary>Makes room before memory is taken, from an estimate; nothing is reserved.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.Overloaded"/>: it cannot fit.</exception>
    public Task MakeRoomAsync(string name, long bytes, CancellationToken cancellation) => AdmitAsync(null, name, bytes, cancellation);

    /// <summary>Makes room for a newcomer and counts it.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.Overloaded"/>: it cannot fit.</exception>
    public Task AdmitAsync(IResident newcomer, long bytes, CancellationToken cancellation) => AdmitAsync(newcomer, newcomer.Key.ToString(), bytes, cancellation);

    /// <summary>Stops counting a resident; harmless when it is not counted.</summary>
    public void Release(IResident resident)
    {
        lock (_residents)
            _residents.Remove(resident);
        OnChanged();
    }

    /// <summary>A resident became ready or left, so that a newcomer who found nobody to ask tries again.</summary>
    public void OnChanged()
    {
        TaskCompletionSource changed;
        lock (_residents)
        {
            changed = _changed;
            _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        changed.SetResult();
    }

    public void Dispose() => _turn.Dispose();

    private async Task AdmitAsync(IResident? newcomer, string name, long bytes, CancellationToken cancellation)
    {
        if (bytes > _maxBytes)
            throw new ServingException(ServingError.Overloaded, $"model '{name}' needs {bytes:N0} bytes, but models may fill only {_maxBytes:N0} on this host");
        await _turn.WaitAsync(cancellation);
        try
        {
            var started = _time.GetTimestamp();
            while (Attempt(newcomer, name, bytes) is { } leaving)
            {
                var left = _options.EvictionTimeout - _time.GetElapsedTime(started);
                await leaving.WaitAsync(left > TimeSpan.Zero ? left : TimeSpan.Zero, _time, cancellation);
            }
        }
        catch (TimeoutException)
        {
            throw CannotFit(name, bytes);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Null when the newcomer fits; else what to wait for before the next attempt.</summary>
    private Task? Attempt(IResident? newcomer, string name, long bytes)
    {
        IResident? victim;
        lock (_residents)
        {
            if (TryAdd(newcomer, bytes))
                return null;
            victim = PickVictim();
            // Those that are not ready yet can be asked to leave soon.
            if (victim is null)
                return _residents.Keys.All(resident => resident.IsPinned) ? throw CannotFit(name, bytes) : _changed.Task;
        }

        LogEvicting(victim.Key, name);
        return victim.EvictAsync();
    }

    private bool TryAdd(IResident? newcomer, long bytes)
    {
        if (_residents.Count >= _maxModels || _residents.Values.Sum() > _maxBytes - bytes)
            return false;
        if (newcomer is not null)
            _residents[newcomer] = bytes;
        return true;
    }

    private IResident? PickVictim()
    {
        IResident? best = null;
        foreach (var resident in _residents.Keys)
        {
            if (resident.CanEvict && !resident.IsPinned && (best is null || IsBetter(resident, best)))
                best = resident;
        }

        return best;
    }

    private static bool IsBetter(IResident candidate, IResident best) =>
        candidate.IsIdle != best.IsIdle ? candidate.IsIdle : candidate.LastUsed < best.LastUsed;

    private ServingException CannotFit(string name, long bytes)
    {
        lock (_residents)
        {
            return new ServingException(ServingError.Overloaded,
                $"model '{name}' needs {bytes:N0} bytes; {_residents.Count} models hold {_residents.Values.Sum():N0} of "
                + (_maxBytes == long.MaxValue ? "unlimited bytes" : $"{_maxBytes:N0} bytes")
                + (_maxModels == int.MaxValue ? string.Empty : $" and of {_maxModels} places")
                + ", and none of them can leave now (pinned, loading or busy); try again later");
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{Victim} leaves memory to make room for {Newcomer}.")]
    private partial void LogEvicting(Models.ModelKey victim, string newcomer);
}
