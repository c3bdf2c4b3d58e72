using System.Runtime.CompilerServices;
using Granary.Hosting.Telemetry;
using Granary.Serving.Activations;
using Granary.Serving.Devices;
using Granary.Serving.Embeddings;
using Granary.Serving.Weights;

namespace Granary.Silo.Telemetry;

/// <summary>Logs, <c>/metrics</c> and OTLP, the same as the API's.</summary>
internal static class SiloTelemetry
{
    /// <summary>Console logs, and export when <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> is set.</summary>
    public static void AddSiloTelemetry(this WebApplicationBuilder builder)
    {
        ConsoleLogs.Configure(builder.Logging, builder.Configuration, interactive: !Console.IsOutputRedirected);
        if (builder.Configuration["Logging:LogLevel:Orleans"] is null)
            builder.Logging.AddFilter("Orleans", LogLevel.Warning);
        if (!string.IsNullOrEmpty(builder.Configuration["OTEL_EXPORTER_OTLP_ENDPOINT"]))
            AddOtlp(builder);
    }

    /// <summary>Maps the metrics page.</summary>
    public static void MapSiloMetrics(this WebApplication app)
    {
        var models = app.Services.GetRequiredService<IModelMetrics>();
        var weights = app.Services.GetRequiredService<IWeightsStatistics>();
        var gpus = app.Services.GetRequiredService<IAcceleratorProbe>();
        var embeddings = app.Services.GetService<IEmbeddingTables>();
        app.MapGet("/metrics", async context =>
        {
            context.Response.ContentType = PrometheusText.ContentType;
            var text = new PrometheusText(context.Response.BodyWriter);
            BuildMetrics.Write(text);
            var snapshot = models.Snapshot();
            ModelMetricsText.Write(text, snapshot);
            TritonMetricsText.Write(text, snapshot);
            ResponseCacheText.Write(text, models.ReadResponseCache());
            TritonHostMetrics.Write(text, gpus.Gpus);
            WeightsMetricsText.Write(text, weights.Snapshot());
            if (embeddings?.Snapshot() is { } tables)
                EmbeddingMetricsText.Write(text, tables);
            ProcessMetrics.Write(text);
            await context.Response.BodyWriter.FlushAsync(context.RequestAborted);
        });
    }

    // Apart, so that compiling the caller does not load the OpenTelemetry assemblies.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void AddOtlp(WebApplicationBuilder builder) => OtlpExport.Add(builder);
}
