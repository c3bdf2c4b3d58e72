using Microsoft.Extensions.DependencyInjection.Extensions;
using OpenTelemetry;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Granary.Hosting.Telemetry;

/// <summary>
/// Sends metrics, traces and logs to an OpenTelemetry collector. Every <c>OTEL_*</c> variable of the specification works, because
/// the SDK reads the same configuration as the service.
/// </summary>
internal sealed class OtlpExport(IConfiguration configuration) : IHostedService, IDisposable
{
    private const int FlushMilliseconds = 5000;
    private MeterProvider? _metrics;
    private TracerProvider? _traces;

    /// <summary>Registers the export.</summary>
    public static void Add(WebApplicationBuilder builder)
    {
        // Has ASP.NET put method, path and address on its spans; RequestSpans adds the rest.
        AppContext.SetSwitch("Microsoft.AspNetCore.Hosting.SuppressActivityOpenTelemetryData", false);
        builder.Services.AddSingleton<IStartupFilter, RequestSpans>();
        builder.Services.AddHostedService<OtlpExport>();
        builder.Logging.AddOpenTelemetry(logs =>
        {
            logs.IncludeFormattedMessage = true;
            logs.SetResourceBuilder(Resource(builder.Configuration));
            logs.AddOtlpExporter();
        });
    }

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        _metrics = Sdk.CreateMeterProviderBuilder()
            .ConfigureServices(UseConfiguration)
            .SetResourceBuilder(Resource(configuration))
            .AddMeter("Granary", "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "System.Runtime")
            .AddOtlpExporter()
            .Build();
        _traces = Sdk.CreateTracerProviderBuilder()
            .ConfigureServices(UseConfiguration)
            .SetResourceBuilder(Resource(configuration))
            .AddSource("Granary", "Microsoft.AspNetCore")
            .AddOtlpExporter()
            .Build();
        return Task.CompletedTask;
    }

    /// <summary>Sends what is left; a collector that is gone delays shutdown by a few seconds at most.</summary>
    public Task StopAsync(CancellationToken cancellationToken) => Task.Run(
        () =>
        {
            _metrics?.Shutdown(FlushMilliseconds);
            _traces?.Shutdown(FlushMilliseconds);
        },
        cancellationToken);

    /// <inheritdoc/>
    public void Dispose()
    {
        _metrics?.Dispose();
        _traces?.Dispose();
    }

    private static ResourceBuilder Resource(IConfiguration configuration) => ResourceBuilder.CreateEmpty()
        .AddTelemetrySdk()
        .AddService(configuration["OTEL_SERVICE_NAME"] ?? "granary", serviceVersion: BuildMetrics.Version)
        .AddEnvironmentVariableDetector();

    private void UseConfiguration(IServiceCollection services) => services.Replace(ServiceDescriptor.Singleton(configuration));
}
