using System.Globalization;
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
    private ModelKey _key = new(StartupModel.Name, "1");
    private bool _registered;

    /// <summary>Registers before the server listens, so that the first request finds the model in the catalog.</summary>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        if (startup.Model is { } model)
        {
            try
            {
                await RegisterAsync(model, cancellationToken);
                state.Report(new DefaultModelReport(_key, ModelState.Loading, null));
            }
            catch (ServingException exception)
            {
                Fail(model, exception);
            }
        }

        await base.StartAsync(cancellationToken);
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (startup.Model is not { } model)
            return;
        for (var pause = FirstPause; !stoppingToken.IsCancellationRequested; pause = Longer(pause))
        {
            if (await TryLoadAsync(model, stoppingToken))
                return;
            LogRetry(pause.TotalSeconds);
            await Task.Delay(pause, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static TimeSpan Longer(TimeSpan pause) => pause * 2 < LongestPause ? pause * 2 : LongestPause;

    private async Task<bool> TryLoadAsync(StartupModel model, CancellationToken cancellation)
    {
        try
        {
            await RegisterAsync(model, cancellation);
            // What failed last stays to be read until it is known to be better.
            state.Report(new DefaultModelReport(_key, ModelState.Loading, state.Current.Reason));
            var status = await cluster.LoadAsync(_key, cancellation);
            state.Report(new DefaultModelReport(_key, ModelState.Ready, null));
            LogReady(_key, status.LoadDuration.TotalMilliseconds);
            return true;
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            return true;
        }
        catch (Exception exception)
        {
            Fail(model, exception);
            return false;
        }
    }

    /// <summary>Makes the configured model the default version of <see cref="StartupModel.Name"/>; a version with the same weights is taken again.</summary>
    private async Task RegisterAsync(StartupModel model, CancellationToken cancellation)
    {
        if (_registered)
            return;
        var known = await catalog.FindAsync(StartupModel.Name, cancellation);
        if (FindSame(known, model) is { } same)
        {
            _key = same.Key;
            if (known!.DefaultVersion != same.Version)
                await catalog.SetDefaultAsync(_key, cancellation);
        }
        else
        {
            _key = new ModelKey(StartupModel.Name, NextVersion(known));
            await catalog.RegisterAsync(Define(model, _key), makeDefault: true, cancellation);
        }

        _registered = true;
    }

    private static ModelDefinition? FindSame(CatalogModel? known, StartupModel model)
    {
        foreach (var version in known?.Versions ?? [])
        {
            if (version.Source == model.Source && version.RequireTorchScript == model.RequireTorchScript && version.Trusted)
                return version;
        }

        return null;
    }

    private static ModelDefinition Define(StartupModel model, ModelKey key) => new()
    {
        Name = key.Name,
        Version = key.Version,
        Source = model.Source,
        // As Infernet services 2.0: the GPU when there is one.
        Device = "auto",
        RequireTorchScript = model.RequireTorchScript,
        Trusted = true,
        Description = $"named at start by {model.NamedBy}",
    };

    private static string NextVersion(CatalogModel? known)
    {
        var last = known is null ? 0 : long.Parse(known.Versions[^1].Version, CultureInfo.InvariantCulture);
        return (last + 1).ToString(CultureInfo.InvariantCulture);
    }

    private void Fail(StartupModel model, Exception exception)
    {
        var reason = exception is ServingException ? exception.Message : "an unexpected error; the server's log says which";
        state.Report(new DefaultModelReport(_key, ModelState.Failed, reason));
        LogFailed(exception is ServingException ? null : exception, _key, model.NamedBy, reason);
    }

    [LoggerMessage(LogLevel.Information, "The default model {Key} is ready after {Milliseconds:F0} ms")]
    private partial void LogReady(ModelKey key, double milliseconds);

    [LoggerMessage(LogLevel.Warning, "The default model {Key}, named by {Variable}, is not ready: {Reason}")]
    private partial void LogFailed(Exception? exception, ModelKey key, string variable, string reason);

    [LoggerMessage(LogLevel.Information, "The default model is tried again in {Seconds} s")]
    private partial void LogRetry(double seconds);
}
