using Granary.Serving;
using Granary.Serving.Activations;

namespace Granary.Hosting.Telemetry;

/// <summary>
/// The metrics of every model version under the names that Triton gives them, for dashboards and autoscalers made for it. Durations are
/// whole microseconds; those of requests count only the ones that were answered. Source: docs/user_guide/metrics.md of
/// triton-inference-server/server.
/// </summary>
internal sealed class TritonMetricsText
{
    private static readonly string[] Reasons = ["REJECTED", "CANCELED", "BACKEND", "OTHER"];

    private readonly PrometheusText _text;
    private readonly IReadOnlyList<ModelMetricsSnapshot> _models;
    private readonly string[] _labels;

    private TritonMetricsText(PrometheusText text, IReadOnlyList<ModelMetricsSnapshot> models)
    {
        _text = text;
        _models = models;
        _labels = [.. models.Select(model => $"{PrometheusText.Label("model", model.Key.Name)},{PrometheusText.Label("version", model.Key.Version)}")];
    }

    public static void Write(PrometheusText text, IReadOnlyList<ModelMetricsSnapshot> models)
    {
        var writer = new TritonMetricsText(text, models);
        writer.Each("nv_inference_request_success", "counter", "Requests that were answered.", model => model.Succeeded);
        writer.WriteFailures();
        writer.Each("nv_inference_count", "counter", "Rows run; a batch of n rows counts n.", model => model.Rows);
        writer.Each("nv_inference_exec_count", "counter", "Batches run.", model => model.Executions);
        writer.Each("nv_inference_request_duration_us", "counter", "Sum of the time from arrival to answer, in microseconds.", model => Microseconds(model.RequestDuration.SumSeconds - model.FailureSeconds));
        writer.Each("nv_inference_queue_duration_us", "counter", "Sum of the time that requests waited, in microseconds.", model => Microseconds(model.QueueDuration.SumSeconds));
        writer.Each("nv_inference_compute_input_duration_us", "counter", "Sum of the time in which inputs were joined, in microseconds.", model => Microseconds(model.InputSeconds));
        writer.Each("nv_inference_compute_infer_duration_us", "counter", "Sum of the time in the model, in microseconds.", model => Microseconds(model.ComputeDuration.SumSeconds));
        writer.Each("nv_inference_compute_output_duration_us", "counter", "Sum of the time in which outputs were cut, in microseconds.", model => Microseconds(model.OutputSeconds));
        writer.WriteCache();
        writer.Each("nv_inference_pending_request_count", "gauge", "Requests that wait for an instance now.", model => model.Queued);
        writer.Each("nv_model_load_duration_secs", "gauge", "Duration of the last load that succeeded, in seconds.", model => model.LastLoadSeconds);
    }

    /// <summary>Which of Triton's reasons a kind of failure is.</summary>
    private static string Reason(ServingError error) => error switch
    {
        ServingError.Overloaded => "REJECTED",
        ServingError.Cancelled or ServingError.DeadlineExceeded => "CANCELED",
        ServingError.ModelFailed => "BACKEND",
        _ => "OTHER",
    };

    private void WriteFailures()
    {
        const string Name = "nv_inference_request_failure";
        _text.Family(Name, "counter", "Requests that failed, by reason.");
        for (var i = 0; i < _models.Count; i++)
        {
            foreach (var reason in Reasons)
                _text.Sample(Name, $"{_labels[i]},reason=\"{reason}\"", _models[i].Failures.Where(failure => Reason(failure.Key) == reason).Sum(static failure => failure.Value));
        }
    }

    // As Triton: only of models that use the cache.
    private void WriteCache()
    {
        if (!_models.Any(static model => model.Cache is not null))
            return;
        EachCached("nv_cache_num_hits_per_model", "Requests that the response cache answered.", cache => cache.Hits);
        EachCached("nv_cache_num_misses_per_model", "Requests that the model answered because the response cache could not.", cache => cache.Misses);
        EachCached("nv_cache_hit_duration_per_model", "Sum of the time of look-ups that found an answer, in microseconds.", cache => Microseconds(cache.HitSeconds));
        EachCached("nv_cache_miss_duration_per_model", "Sum of the time of look-ups in vain and of keeping their answers, in microseconds.", cache => Microseconds(cache.MissSeconds));
    }

    private void EachCached(string name, string help, Func<ResponseCacheCounts, double> value)
    {
        _text.Family(name, "counter", help);
        for (var i = 0; i < _models.Count; i++)
        {
            if (_models[i].Cache is { } cache)
                _text.Sample(name, _labels[i], value(cache));
        }
    }

    private void Each(string name, string type, string help, Func<ModelMetricsSnapshot, double> value)
    {
        _text.Family(name, type, help);
        for (var i = 0; i < _models.Count; i++)
            _text.Sample(name, _labels[i], value(_models[i]));
    }

    // Sums of ticks became seconds; what that rounded off must not cost a microsecond.
    private static double Microseconds(double seconds) => Math.Floor((seconds * 1e6) + 1e-3);
}
