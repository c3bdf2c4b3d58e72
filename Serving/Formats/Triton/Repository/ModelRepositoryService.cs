using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Granary.Serving.Formats.Triton.Repository;

/// <summary>Loads what the repositories are to serve while the server listens already, then follows their changes if asked to.</summary>
internal sealed partial class ModelRepositoryService(
    ModelRepositoryManager manager,
    IOptions<ModelRepositoryOptions> options,
    IHostApplicationLifetime lifetime,
    TimeProvider time,
    ILogger<ModelRepositoryService> logger) : BackgroundService
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(2);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (options.Value.Paths.Length == 0)
            return;
        try
        {
            var poller = new RepositoryPoller(manager, options.Value, time);
            if (options.Value.ControlMode == ModelControlMode.Poll)
                await poller.BeginAsync(stoppingToken);
            var failures = await LoadAsync(stoppingToken);
            if (manager.StartFailure is { } failure)
            {
                LogExit(failure);
                lifetime.StopApplication();
                return;
            }

            LogStarted(options.Value.Paths.Length, failures.Count);
            if (options.Value.ControlMode == ModelControlMode.Poll)
                await PollAsync(poller, stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops.
        }
    }

    /// <summary>Loads what is to be loaded, once the catalog answers: a cluster may start after its clients.</summary>
    private async Task<IReadOnlyList<string>> LoadAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            try
            {
                return await manager.StartAsync(stoppingToken);
            }
            catch (ServingException exception) when (exception.Error == ServingError.Unavailable)
            {
                LogNoCatalog(exception.Message);
                await Task.Delay(RetryDelay, time, stoppingToken);
            }
        }
    }

    private async Task PollAsync(RepositoryPoller poller, CancellationToken stoppingToken)
    {
        var pause = options.Value.PollInterval;
        while (!stoppingToken.IsCancellationRequested)
        {
            await Task.Delay(pause, time, stoppingToken);
            try
            {
                pause = await poller.RoundAsync(stoppingToken);
            }
            catch (ServingException exception)
            {
                LogRoundFailed(exception);
                pause = options.Value.PollInterval;
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "The models of {Repositories} repositories are loaded; {Failures} failed.")]
    private partial void LogStarted(int repositories, int failures);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The model repositories wait for the catalog: {Reason}")]
    private partial void LogNoCatalog(string reason);

    [LoggerMessage(Level = LogLevel.Critical, Message = "The server ends (ModelRepository:ExitOnError): {Failure}")]
    private partial void LogExit(string failure);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The model repositories could not be looked through; the next round tries again.")]
    private partial void LogRoundFailed(Exception exception);
}
