using Granary.Grains.Interfaces.Catalog;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Granary.Grains.Interfaces.Clusters;

/// <summary>Keeps the catalog snapshot and the board of silos of this process young.</summary>
internal sealed partial class ClusterRefresher(
    IGrainFactory grains,
    OrleansModelCatalog catalog,
    SiloBoardWatch board,
    IOptions<OrleansClusterOptions> options,
    TimeProvider time,
    ILogger<ClusterRefresher> log) : BackgroundService
{
    // The silo of the board or the catalog may be the one that died.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);
    private bool _failing;

    /// <summary>Raised after the catalog changed.</summary>
    public event Action? CatalogChanged;

    /// <summary>Reads both once.</summary>
    public async Task RefreshAsync()
    {
        board.Update(await grains.GetGrain<ISiloBoardGrain>(ISiloBoardGrain.Key).GetAsync().WaitAsync(Patience, time));
        if (await catalog.RefreshAsync().WaitAsync(Patience, time))
            CatalogChanged?.Invoke();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Value.RefreshPeriod, time);
        do
        {
            try
            {
                await RefreshAsync();
                _failing = false;
            }
            catch (Exception error) when (!stoppingToken.IsCancellationRequested)
            {
                // One line for an outage, however long: the snapshot stays as it is meanwhile.
                if (!_failing)
                    LogFailed(error);
                _failing = true;
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "the cluster's catalog and board cannot be read; going on with what is known")]
    private partial void LogFailed(Exception error);
}
