using System.Text.Json;
using Granary.Serving;
using Granary.Serving.Activations;
using Granary.Serving.Clusters;

namespace Granary.Hosting.Telemetry;

/// <summary>The metrics of every model version that this host knows, family by family.</summary>
internal sealed class ModelMetricsText
{
    private static readonly ModelState[] States = Enum.GetValues<ModelState>();

    // One name a kind of failure, such as invalid_argument.
    private static readonly Dictionary<ServingError, string> Outcomes =
        Enum.GetValues<ServingError>().ToDictionary(error => error, error => JsonNamingPolicy.SnakeCaseLower.ConvertName(error.ToString()));

    private readonly PrometheusText _text;
    private readonly IReadOnlyList<ModelMetricsSnapshot> _models;
    private readonly string[] _labels;

    private ModelMetricsText(PrometheusText text, IReadOnlyList<ModelMetricsSnapshot> models)
    {
        _text = text;
        _models = models;
        _labels = [.. models.Select(model => $"{PrometheusText.Label("model", model.Key.Name)},{PrometheusText.Label("version", model.Key.Version)}")];
    }

    public static void Write(PrometheusText text, IReadOnlyList<ModelMetricsSnapshot> models)
    {
        var writer = new ModelMetricsText(text, models);
        writer.WriteRequests();
        writer.WriteHistogram("granary_request_duration_seconds", "From arrival at the activation to the answer or error, waiting for a load included.", model => model.RequestDuration);
        writer.WriteHistogram("granary_queue_duration_seconds", "From arrival at the activation to the start of the native call.", model => model.QueueDuration);
        writer.WriteHistogram("granary_compute_duration_seconds", "The native call; a batch counts once for each of its requests.", model => model.ComputeDuration);
        writer.WriteEach("granary_rows_total", "counter", "Rows run.", model => model.Rows);
        writer.WriteEach("granary_executions_total", "counter", "Native calls made; fewer than requests when batching joins them.", model => model.Executions);
        writer.WriteEach("granary_queue_length", "gauge", "Calls that wait now.", model => model.Queued);
        writer.WriteEach("granary_running", "gauge", "Calls that run now.", model => model.Running);
        writer.WriteLoads();
        writer.WriteStates();
        writer.WriteEach("granary_resident_bytes", "gauge", "Bytes of parameters and buffers in memory.", model => model.ResidentBytes);
        text.Single("granary_resident_models", "gauge", "Model versions in memory.", models.Count(model => model.State is ModelState.Ready or ModelState.Draining));
    }

    private void WriteRequests()
    {
        const string Name = "granary_requests_total";
        _text.Family(Name, "counter", "Requests by outcome; an outcome that never occurred is absent.");
        for (var i = 0; i < _models.Count; i++)
        {
            _text.Sample(Name, $"{_labels[i]},outcome=\"success\"", _models[i].Succeeded);
            foreach (var (error, count) in _models[i].Failures)
                _text.Sample(Name, $"{_labels[i]},{PrometheusText.Label("outcome", Outcomes[error])}", count);
        }
    }

    private void WriteLoads()
    {
        const string Name = "granary_loads_total";
        _text.Family(Name, "counter", "Loads by outcome.");
        for (var i = 0; i < _models.Count; i++)
        {
            _text.Sample(Name, $"{_labels[i]},outcome=\"success\"", _models[i].Loads);
            _text.Sample(Name, $"{_labels[i]},outcome=\"failure\"", _models[i].LoadFailures);
        }

        const string Duration = "granary_load_duration_seconds";
        _text.Family(Duration, "summary", "Time that successful loads took, downloads and warm-up included.");
        for (var i = 0; i < _models.Count; i++)
        {
            _text.Sample(Duration + "_sum", _labels[i], _models[i].LoadSeconds);
            _text.Sample(Duration + "_count", _labels[i], _models[i].Loads);
        }
    }

    private void WriteStates()
    {
        const string Name = "granary_model_state";
        _text.Family(Name, "gauge", "1 for the state that a model version is in, 0 for the others.");
        for (var i = 0; i < _models.Count; i++)
        {
            foreach (var state in States)
                _text.Sample(Name, $"{_labels[i]},{PrometheusText.Label("state", state.ToString().ToLowerInvariant())}", _models[i].State == state ? 1 : 0);
        }
    }

    private void WriteEach(string name, string type, string help, Func<ModelMetricsSnapshot, double> value)
    {
        _text.Family(name, type, help);
        for (var i = 0; i < _models.Count; i++)
            _text.Sample(name, _labels[i], value(_models[i]));
    }

    private void WriteHistogram(string name, string help, Func<ModelMetricsSnapshot, HistogramSnapshot> histogram)
    {
        _text.Family(name, "histogram", help);
        for (var i = 0; i < _models.Count; i++)
        {
            var snapshot = histogram(_models[i]);
            _text.Histogram(name, _labels[i], snapshot.BoundsSeconds, snapshot.Counts, snapshot.SumSeconds);
        }
    }
}
