using Granary.Serving;
using Granary.Serving.Clusters;
using Granary.Serving.Models;

namespace Granary.Api.Hosting;

/// <summary>
/// Registers the model that the operator named and loads it while the server listens already. A failure is told by readiness and
/// tried again with growing pauses; it never ends the process, because other models are served and the source may come back.
/// </summary>
internal sealed partial class DefaultModelService(
    StartupOptions startup,
    IModelCatalog catalog,
    IModelCluster cluster,
    DefaultModelState state,
    TimeProvider time,
    ILogger<DefaultModelService> logger) : BackgroundService
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(1);
    private ModelKey? _key;

    /// <summary>Registers before the server listens, so that the first request finds the model in the catalog.</summary>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        if (startup.Model is { } model)
        {
            state.Report(new DefaultModelReport(null, ModelState.Loading, null));
            try
            {
                _key = await RegisterAsync(model, cancellationToken);
            }
            catch (Exception exception) when (exception is not OperationCanceledException)
            {
                // Tried again, and told, by the loop.
            }
        }

        await base.StartAsync(cancellationToken);
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (startup.Model is not { } model)
            return;
        var pause = FirstPause;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                var key = _key ??= await RegisterAsync(model, stoppingToken);
                state.Report(new DefaultModelReport(key, ModelState.Loading, state.Current.Reason));
                var status = await cluster.LoadAsync(key, stoppingToken);
                state.Report(new DefaultModelReport(key, ModelState.Ready, null));
                LogReady(key, status.LoadDuration.TotalMilliseconds);
                return;
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception)
            {
                var reason = exception is ServingException ? exception.Message : "an unexpected error; the server's log says which";
                state.Report(new DefaultModelReport(_key, ModelState.Failed, reason));
                LogFailed(exception is ServingException ? null : exception, model.NamedBy, reason, pause.TotalSeconds);
            }

            await Task.Delay(pause, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
        }
    }

    /// <summary>Makes the configured model the default version of <see cref="StartupModel.Name"/>; a version with the same weights is taken again.</summary>
    private async Task<ModelKey> RegisterAsync(StartupModel model, CancellationToken cancellation)
    {
        var known = await catalog.FindAsync(StartupModel.Name, cancellation);
        foreach (var version in known?.Versions ?? [])
        {
            if (version.Source != model.Source || version.RequireTorchScript != model.RequireTorchScript || !version.Trusted)
                continue;
            if (known!.DefaultVersion != version.Version)
                await catalog.SetDefaultAsync(version.Key, cancellation);
            return version.Key;
        }

        var definition = new ModelDefinition
        {
            Name = StartupModel.Name,
            Version = NextVersion(known),
            Source = model.Source,
            // As Infernet services 2.0: the GPU when there is one.
            Device = "auto",
            RequireTorchScript = model.RequireTorchScript,
            Trusted = true,
            Description = $"named at start by {model.NamedBy}",
        };
        await catalog.RegisterAsync(definition, makeDefault: true, cancellation);
        return definition.Key;
    }

    private static string NextVersion(CatalogModel? known) => known is null
        ? "1"
        : (long.Parse(known.Versions[^1].Version, System.Globalization.CultureInfo.InvariantCulture) + 1).ToString(System.Globalization.CultureInfo.InvariantCulture);

    [LoggerMessage(LogLevel.Information, "The default model {Key} is ready after {Milliseconds:F0} ms")]
    private partial void LogReady(ModelKey key, double milliseconds);

    [LoggerMessage(LogLevel.Warning, "The default model named by {Variable} is not ready: {Reason}; next attempt in {Seconds} s")]
    private partial void LogFailed(Exception? exception, string variable, string reason, double seconds);
}
