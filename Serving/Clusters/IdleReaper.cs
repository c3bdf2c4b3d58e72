using Granary.Serving.Activations;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Granary.Serving.Clusters;

/// <summary>
/// Unloads what nobody calls and what left the catalog, by one timer; drains everything when the host stops.
/// </summary>
internal sealed partial class IdleReaper(ActivationTable table, IOptions<ActivationOptions> options, TimeProvider time, ILogger<IdleReaper> logger) : IHostedService, IDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private ITimer? _timer;
    private int _busy;

    public Task StartAsync(CancellationToken cancellation)
    {
        var interval = options.Value.IdleCheckInterval;
        _timer = time.CreateTimer(static state => _ = ((IdleReaper)state!).TickAsync(), this, interval, interval);
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellation)
    {
        _timer?.Dispose();
        await _stopping.CancelAsync();
        try
        {
            await table.CloseAsync().WaitAsync(cancellation);
        }
        catch (OperationCanceledException)
        {
            LogNotDrained();
        }
    }

    public void Dispose()
    {
        _timer?.Dispose();
        _stopping.Dispose();
    }

    /// <summary>One round; a round that still runs is not joined by another.</summary>
    internal async Task TickAsync()
    {
        if (Interlocked.Exchange(ref _busy, 1) != 0)
            return;
        try
        {
            await table.RetireStaleAsync(_stopping.Token);
            foreach (var activation in table.Activations)
                _ = activation.DrainIfIdleAsync();
        }
        catch (OperationCanceledException)
        {
            // The host stops.
        }
        catch (Exception exception)
        {
            LogRoundFailed(exception);
        }
        finally
        {
            Volatile.Write(ref _busy, 0);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "A round of the idle reaper failed; the next one tries again.")]
    private partial void LogRoundFailed(Exception exception);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The host stops before all model calls have ended.")]
    private partial void LogNotDrained();
}
