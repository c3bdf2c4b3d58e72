using Granary.Api.Telemetry;

namespace Granary.Api.TorchServe;

/// <summary>TorchServe's names in <c>/metrics</c>; nothing before the first request of this protocol.</summary>
internal sealed class TorchServeMetrics(TorchServeCounters counters) : IMetricsText
{
    private static readonly string Host = PrometheusText.Label("Hostname", Environment.MachineName);
    private static readonly string Level = PrometheusText.Label("Level", "Host") + "," + Host;

    /// <inheritdoc/>
    public void Write(PrometheusText text)
    {
        var (succeeded, refused, failed) = counters.Answers;
        if (succeeded + refused + failed == 0)
            return;
        Single(text, "Requests2XX", "TorchServe prediction and management requests that were answered", succeeded);
        Single(text, "Requests4XX", "TorchServe requests that were refused", refused);
        Single(text, "Requests5XX", "TorchServe requests that failed", failed);
        if (!counters.Models.Any())
            return;
        var models = counters.Models.OrderBy(static pair => pair.Key).ToList();
        Family(text, models, "ts_inference_requests_total", "TorchServe inference requests", static series => series.Requests);
        Family(text, models, "ts_inference_latency_microseconds", "Sum of the time that TorchServe inference requests spent in queue and model", static series => series.Latency.TotalMicroseconds);
        Family(text, models, "ts_queue_latency_microseconds", "Sum of the time that TorchServe inference requests waited", static series => series.Queue.TotalMicroseconds);
    }

    private static void Single(PrometheusText text, string name, string help, long value)
    {
        text.Family(name, "counter", help);
        text.Sample(name, Level, value);
    }

    private static void Family(PrometheusText text, List<KeyValuePair<(string Model, string Version), ModelSeries>> models, string name, string help, Func<ModelSeries, double> value)
    {
        text.Family(name, "counter", help);
        foreach (var ((model, version), series) in models)
            text.Sample(name, $"{PrometheusText.Label("model_name", model)},{PrometheusText.Label("model_version", version)},{PrometheusText.Label("hostname", Environment.MachineName)}", value(series));
    }
}
