using System.Runtime.CompilerServices;

namespace Granary.Api.Telemetry;

/// <summary>Logs, <c>/metrics</c> and export to an OpenTelemetry collector.</summary>
public static class TelemetryExtensions
{
    /// <summary>
    /// Sets up console logs, and the OTLP export of metrics, traces and logs when <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> is set; nothing
    /// of OpenTelemetry is loaded otherwise.
    /// </summary>
    public static WebApplicationBuilder AddTelemetry(this WebApplicationBuilder builder)
    {
        ConsoleLogs.Configure(builder.Logging, builder.Configuration, interactive: !Console.IsOutputRedirected);
        builder.Services.AddSingleton<MetricsPage>();
        if (!string.IsNullOrEmpty(builder.Configuration["OTEL_EXPORTER_OTLP_ENDPOINT"]))
            AddOtlp(builder);
        return builder;
    }

    /// <summary>Maps <c>/metrics</c>; it needs no key and names models, so keep it from the public where names are secret.</summary>
    public static WebApplication MapTelemetry(this WebApplication app)
    {
        var page = app.Services.GetRequiredService<MetricsPage>();
        app.MapGet("/metrics", page.WriteAsync).WithMetadata(MetricsPage.Description);
        return app;
    }

    // Apart, so that compiling the caller does not load the OpenTelemetry assemblies.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void AddOtlp(WebApplicationBuilder builder) => OtlpExport.Add(builder);
}
