using Granary.Grains.Models;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Granary.Grains.Silos;

/// <summary>After every change of the catalog, sends away the models of this silo that it no longer describes.</summary>
internal sealed partial class StaleModelsService(ClusterRefresher refresher, ModelGrainHost models, IGrainFactory grains, ILogger<StaleModelsService> log) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        refresher.CatalogChanged += OnChanged;
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        refresher.CatalogChanged -= OnChanged;
        return Task.CompletedTask;
    }

    private void OnChanged() => _ = RetireAsync();

    private async Task RetireAsync()
    {
        try
        {
            await models.RetireStaleAsync(grains);
        }
        catch (Exception error)
        {
            LogFailed(error);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "models that the catalog no longer describes could not all be unloaded; the next change tries again")]
    private partial void LogFailed(Exception error);
}
