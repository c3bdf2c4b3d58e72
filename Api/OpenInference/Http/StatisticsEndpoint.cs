using System.Text.Json;
using Granary.Serving.Clusters;

namespace Granary.Api.OpenInference.Http;

/// <summary>
/// <c>GET /v2/models[/{model}[/versions/{version}]]/stats</c>. Durations are nanoseconds. What a batch took counts once for each of
/// its requests, as Triton counts. Source: Triton, <c>docs/protocol/extension_statistics.md</c>.
/// </summary>
internal sealed class StatisticsEndpoint(V2Statistics statistics)
{
    private const long NanosecondsPerTick = 100;

    /// <summary>Writes the counters.</summary>
    public async Task GetAsync(HttpContext context)
    {
        var name = (string?)context.Request.RouteValues["model"] ?? "";
        var statuses = await statistics.GetAsync(name, V2Endpoint.Version(context), context.RequestAborted);
        await JsonAnswer.WriteAsync(context, json =>
        {
            json.WriteStartObject();
            json.WriteStartArray("model_stats");
            foreach (var status in statuses)
                Write(json, status);
            json.WriteEndArray();
            json.WriteEndObject();
        });
    }

    private static void Write(Utf8JsonWriter json, ModelStatus status)
    {
        var counters = status.Statistics;
        var run = counters.Succeeded - counters.CacheHits;
        json.WriteStartObject();
        json.WriteString("name", status.Key.Name);
        json.WriteString("version", status.Key.Version);
        json.WriteNumber("last_inference", counters.LastAnswerAt?.ToUnixTimeMilliseconds() ?? 0);
        json.WriteNumber("inference_count", counters.Rows);
        json.WriteNumber("execution_count", counters.Executions);
        json.WriteStartObject("inference_stats");
        Write(json, "success", counters.Succeeded, counters.SuccessTime);
        Write(json, "fail", counters.Failed, counters.FailureTime);
        Write(json, "queue", run, counters.QueueTime);
        Write(json, "compute_input", run, counters.InputTime);
        Write(json, "compute_infer", run, counters.ComputeTime);
        Write(json, "compute_output", run, counters.OutputTime);
        Write(json, "cache_hit", counters.CacheHits, counters.CacheHitTime);
        Write(json, "cache_miss", counters.CacheMisses, counters.CacheMissTime);
        json.WriteEndObject();
        json.WriteStartObject("response_stats");
        json.WriteEndObject();
        json.WriteStartArray("batch_stats");
        foreach (var batch in counters.Batches)
            Write(json, batch);
        json.WriteEndArray();
        json.WriteStartArray("memory_usage");
        WriteMemory(json, status);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, BatchStatistics batch)
    {
        json.WriteStartObject();
        json.WriteNumber("batch_size", batch.Size);
        Write(json, "compute_input", batch.Executions, batch.InputTime);
        Write(json, "compute_infer", batch.Executions, batch.ComputeTime);
        Write(json, "compute_output", batch.Executions, batch.OutputTime);
        json.WriteEndObject();
    }

    private static void WriteMemory(Utf8JsonWriter json, ModelStatus status)
    {
        if (status.ResidentBytes == 0 || status.Device is not { } device)
            return;
        var colon = device.IndexOf(':');
        json.WriteStartObject();
        json.WriteString("type", device.StartsWith("cuda", StringComparison.Ordinal) ? "GPU" : "CPU");
        json.WriteNumber("id", colon < 0 ? 0 : int.Parse(device.AsSpan(colon + 1), System.Globalization.CultureInfo.InvariantCulture));
        json.WriteNumber("byte_size", status.ResidentBytes);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, string name, long count, TimeSpan time)
    {
        json.WriteStartObject(name);
        json.WriteNumber("count", count);
        json.WriteNumber("ns", time.Ticks * NanosecondsPerTick);
        json.WriteEndObject();
    }
}
