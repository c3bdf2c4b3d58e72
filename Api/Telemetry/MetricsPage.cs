using Granary.Api.Description;
using Granary.Serving.Activations;
using Granary.Serving.Devices;
using Granary.Serving.Embeddings;
using Granary.Serving.Weights;

namespace Granary.Api.Telemetry;

/// <summary>Answers <c>GET /metrics</c>. A host without models of its own shows only the process.</summary>
internal sealed class MetricsPage(IServiceProvider services)
{
    private readonly IModelMetrics? _models = services.GetService<IModelMetrics>();
    private readonly IAcceleratorProbe? _gpus = services.GetService<IAcceleratorProbe>();
    private readonly IWeightsStatistics? _weights = services.GetService<IWeightsStatistics>();

    private readonly IEmbeddingTables? _embeddings = services.GetService<IEmbeddingTables>();
    private readonly IMetricsText[] _protocols = [.. services.GetServices<IMetricsText>()];

    public static OperationDescription Description { get; } = new("Operations", "Metrics in the Prometheus text format")
    {
        Responses = [new(200, "The metrics.", "# HELP granary_build_info Versions of this service; always 1.\n# TYPE granary_build_info gauge\ngranary_build_info{version=\"0.1.0\"} 1\n", "text/plain")],
    };

    public async Task WriteAsync(HttpContext context)
    {
        var models = _models?.Snapshot();
        context.Response.ContentType = PrometheusText.ContentType;
        var output = context.Response.BodyWriter;
        var text = new PrometheusText(output);
        BuildMetrics.Write(text);
        if (models is not null)
        {
            ModelMetricsText.Write(text, models);
            TritonMetricsText.Write(text, models);
            ResponseCacheText.Write(text, _models!.ReadResponseCache());
        }

        TritonHostMetrics.Write(text, _gpus?.Gpus ?? []);
        if (_weights is not null)
            WeightsMetricsText.Write(text, _weights.Snapshot());
        if (_embeddings?.Snapshot() is { } tables)
            EmbeddingMetricsText.Write(text, tables);
        foreach (var protocol in _protocols)
            protocol.Write(text);
        ProcessMetrics.Write(text);
        await output.FlushAsync(context.RequestAborted);
    }
}
