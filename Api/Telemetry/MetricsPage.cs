using Granary.Api.Description;

namespace Granary.Api.Telemetry;

/// <summary>Answers <c>GET /metrics</c>.</summary>
internal sealed class MetricsPage
{
    public static OperationDescription Description { get; } = new("Operations", "Metrics in the Prometheus text format")
    {
        Responses = [new(200, "The metrics.", "# HELP granary_build_info Versions of this service.\n# TYPE granary_build_info gauge\ngranary_build_info{version=\"0.1.0\"} 1\n", "text/plain")],
    };

    public async Task WriteAsync(HttpContext context)
    {
        context.Response.ContentType = PrometheusText.ContentType;
        var output = context.Response.BodyWriter;
        var text = new PrometheusText(output);
        text.Family("granary_build_info", "gauge", "Versions of this service; always 1.");
        text.Sample("granary_build_info", $"{PrometheusText.Label("version", ProcessMetrics.Version)},{PrometheusText.Label("runtime", ProcessMetrics.Runtime)}", 1);
        ProcessMetrics.Write(text);
        await output.FlushAsync(context.RequestAborted);
    }
}
