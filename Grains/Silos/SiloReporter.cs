using Granary.Grains.Models;
using Granary.Serving.Activations;
using Granary.Serving.Weights;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Granary.Grains.Silos;

/// <summary>Tells the board what this silo has, every few seconds and whenever a model comes or goes, and learns what the others have.</summary>
internal sealed partial class SiloReporter(
    IGrainFactory grains,
    ModelGrainHost models,
    ActivationHost activations,
    IWeightsFiles files,
    SiloBoardWatch board,
    SiloState state,
    IOptions<SiloReportOptions> options,
    ILocalSiloDetails silo,
    TimeProvider time,
    ILogger<SiloReporter> log) : BackgroundService
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);
    private readonly SemaphoreSlim _news = new(0, 1);
    private long _sequence = time.GetUtcNow().UtcTicks;
    private bool _failing;

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        // The last word: nothing new here, while running calls finish.
        state.BeginDraining();
        await TryReportAsync();
        await base.StopAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        models.Changed += Wake;
        try
        {
            while (!stoppingToken.IsCancellationRequested)
            {
                await TryReportAsync();
                await _news.WaitAsync(options.Value.Period, stoppingToken);
            }
        }
        finally
        {
            models.Changed -= Wake;
        }
    }

    private void Wake()
    {
        try
        {
            _news.Release();
        }
        catch (SemaphoreFullException)
        {
            // A report is due already; it will say this news too.
        }
    }

    private async Task TryReportAsync()
    {
        try
        {
            board.Update(await grains.GetGrain<ISiloBoardGrain>(ISiloBoardGrain.Key).ReportAsync(Compose()).WaitAsync(Patience, time));
            _failing = false;
        }
        catch (Exception error)
        {
            if (!_failing)
                LogFailed(error);
            _failing = true;
        }
    }

    private SiloReport Compose()
    {
        var gpus = state.Gpus;
        return new SiloReport
        {
            Silo = silo.SiloAddress.ToParsableString(),
            Name = silo.Name,
            Accelerator = state.Accelerator,
            FreeMemoryBytes = activations.FreeBytes,
            FreeAcceleratorBytes = gpus.Count == 0 ? 0 : gpus.Max(gpu => gpu.FreeBytes ?? gpu.TotalBytes),
            Accepting = !state.IsDraining && !state.IsSaturated,
            Models = [.. models.Grains.Select(grain => new ResidentModel(grain.GrainKey, grain.ResidentBytes, grain.OnAccelerator))],
            Files = [.. files.List()],
            Sequence = Interlocked.Increment(ref _sequence),
        };
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "the silo board cannot be reached; this silo keeps serving what it has")]
    private partial void LogFailed(Exception error);
}
