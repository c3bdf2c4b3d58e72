using Granary.Api.TorchServe.Management;
using Granary.Serving;
using Granary.Serving.Clusters;
using Granary.Serving.Models;
using Microsoft.Extensions.Options;

namespace Granary.Api.TorchServe;

/// <summary>
/// Registers the models that the operator named and loads those that clients registered before the last stop. One that fails is told in
/// the log and by <c>/ping</c>; the others are served. Source: pytorch/serve, <c>ModelServer.java</c>, method initModelStore.
/// </summary>
internal sealed partial class TorchServeStartupService(
    IModelCatalog catalog,
    IModelCluster cluster,
    ModelRegistration registration,
    ModelStores stores,
    IOptions<TorchServeOptions> options,
    ILogger<TorchServeStartupService> logger) : BackgroundService
{
    private readonly List<ModelKey> _wanted = [];

    /// <summary>Registers before the server listens, so that the first request finds the models.</summary>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (var model in await catalog.ListAsync(cancellationToken))
        {
            foreach (var definition in model.Versions.Where(static definition => definition.IsTorchServe()))
                await KeepAsync(definition, cancellationToken);
        }

        // torchserve takes them with blanks and with commas between them.
        foreach (var entry in options.Value.LoadModels.SelectMany(static text => text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)).SelectMany(Expand))
            await RegisterAsync(entry, cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // Loading must not hold up the start of what else runs beside the server.
        await Task.Yield();
        foreach (var key in _wanted)
        {
            try
            {
                await cluster.LoadAsync(key, stoppingToken);
            }
            catch (ServingException exception)
            {
                LogFailed(key.ToString(), exception.Message);
            }
        }
    }

    private async Task KeepAsync(ModelDefinition definition, CancellationToken cancellation)
    {
        if (!options.Value.KeepRegistered)
            await catalog.DeleteAsync(definition.Key, cancellation);
        else if (definition.Instances > 0)
            _wanted.Add(definition.Key);
    }

    private IEnumerable<(string? Name, string Url)> Expand(string entry)
    {
        if (entry.Equals("all", StringComparison.OrdinalIgnoreCase))
            return stores.ListArchives().Select(static name => ((string?)null, name));
        var equals = entry.IndexOf('=');
        return [equals < 0 ? (null, entry) : (entry[..equals].Trim(), entry[(equals + 1)..].Trim())];
    }

    private async Task RegisterAsync((string? Name, string Url) entry, CancellationToken cancellation)
    {
        var workers = options.Value.DefaultWorkersPerModel > 0 ? options.Value.DefaultWorkersPerModel : Environment.ProcessorCount;
        try
        {
            var definition = await registration.ReadAsync(new RegisterRequest { Url = entry.Url, ModelName = entry.Name, InitialWorkers = workers, AtStartup = true }, cancellation);
            // What the operator names counts before what a client registered under the same version.
            if ((await catalog.FindAsync(definition.Name, cancellation))?.Find(definition.Version) is { } known)
            {
                if (!known.SameContent(definition))
                    await catalog.ReplaceAsync(definition, cancellation);
            }
            else
            {
                await catalog.RegisterAsync(definition, cancellation: cancellation);
            }

            if (!_wanted.Contains(definition.Key))
                _wanted.Add(definition.Key);
        }
        catch (Exception exception) when (exception is ServingException or TorchServeException)
        {
            LogFailed(entry.Url, exception.Message);
        }
    }

    [LoggerMessage(LogLevel.Error, "Failed to load model: {Model}: {Reason}")]
    private partial void LogFailed(string model, string reason);
}
