using System.Globalization;
using System.Net;
using Granary.Api.Tests.Admin;
using Granary.Serving;
using Granary.Serving.Activations;
using Granary.Serving.Clusters;
using Granary.Serving.Models;
using Granary.Serving.Responses;
using Microsoft.Extensions.DependencyInjection;

namespace Granary.Api.Tests.Telemetry;

public sealed class MetricsPageTests
{
    [Fact]
    public async Task Get_NoModels_ValidPageOfTheProcess()
    {
        await using var service = await TestService.StartAsync();
        var page = await ReadAsync(service);
        Assert.True(page.Samples["process_resident_memory_bytes"] > 1 << 20);
        Assert.True(page.Samples["process_cpu_seconds_total"] > 0);
        Assert.InRange(page.Samples["process_start_time_seconds"], 1.7e9, DateTimeOffset.MaxValue.ToUnixTimeSeconds());
        Assert.Contains("dotnet_gc_collections_total{generation=\"2\"}", page.Samples.Keys);
        Assert.Contains("dotnet_threadpool_queue_length", page.Samples.Keys);
        var build = Assert.Single(page.Samples.Keys, key => key.StartsWith("granary_build_info{", StringComparison.Ordinal));
        Assert.Contains("version=\"0.1.0\"", build, StringComparison.Ordinal);
        Assert.DoesNotContain("granary_requests_total", page.Families.Keys);
    }

    [Fact]
    public async Task Get_ContentType_IsTheFormats()
    {
        await using var service = await TestService.StartAsync();
        using var response = await service.SendRawAsync("GET", "/metrics");
        Assert.Equal("text/plain; version=0.0.4; charset=utf-8", response.Content.Headers.ContentType!.ToString());
    }

    [Fact]
    public async Task Get_HostWithoutAnyModel_FamiliesWithoutSamples()
    {
        await using var service = await StartAsync();
        var page = await ReadAsync(service);
        Assert.Equal("counter", page.Families["granary_requests_total"]);
        Assert.Equal(0, page.Samples["granary_resident_models"]);
    }

    [Fact]
    public async Task Get_TwoModels_EverySeriesOnceWithItsValue()
    {
        await using var service = await StartAsync(
            Snapshot(new ModelKey("a", "1"), ModelState.Ready) with { Failures = [new(ServingError.DeadlineExceeded, 3), new(ServingError.Overloaded, 4)] },
            Snapshot(new ModelKey("huggingface/o/n:m \"x\"\\\n.pt", "0"), ModelState.Failed));
        var page = await ReadAsync(service);
        (string Series, double Value)[] expected =
        [
            ("granary_requests_total{model=\"a\",outcome=\"success\",version=\"1\"}", 11),
            ("granary_requests_total{model=\"a\",outcome=\"deadline_exceeded\",version=\"1\"}", 3),
            ("granary_requests_total{model=\"a\",outcome=\"overloaded\",version=\"1\"}", 4),
            ("granary_requests_total{model=\"huggingface/o/n:m \"x\"\\\n.pt\",outcome=\"success\",version=\"0\"}", 11),
            ("granary_request_duration_seconds_bucket{le=\"0.5\",model=\"a\",version=\"1\"}", 5),
            ("granary_request_duration_seconds_bucket{le=\"+Inf\",model=\"a\",version=\"1\"}", 6),
            ("granary_request_duration_seconds_sum{model=\"a\",version=\"1\"}", 3.5),
            ("granary_request_duration_seconds_count{model=\"a\",version=\"1\"}", 6),
            ("granary_queue_duration_seconds_count{model=\"a\",version=\"1\"}", 1),
            ("granary_compute_duration_seconds_sum{model=\"a\",version=\"1\"}", 0.125),
            ("granary_rows_total{model=\"a\",version=\"1\"}", 20),
            ("granary_executions_total{model=\"a\",version=\"1\"}", 7),
            ("granary_queue_length{model=\"a\",version=\"1\"}", 2),
            ("granary_running{model=\"a\",version=\"1\"}", 1),
            ("granary_loads_total{model=\"a\",outcome=\"success\",version=\"1\"}", 5),
            ("granary_loads_total{model=\"a\",outcome=\"failure\",version=\"1\"}", 6),
            ("granary_load_duration_seconds_sum{model=\"a\",version=\"1\"}", 2.25),
            ("granary_load_duration_seconds_count{model=\"a\",version=\"1\"}", 5),
            ("granary_model_state{model=\"a\",state=\"ready\",version=\"1\"}", 1),
            ("granary_model_state{model=\"a\",state=\"failed\",version=\"1\"}", 0),
            ("granary_resident_bytes{model=\"a\",version=\"1\"}", 4096),
            ("granary_resident_models", 1),
        ];
        Assert.All(expected, sample => Assert.Equal(sample.Value, page.Samples[sample.Series]));
    }

    [Fact]
    public async Task Get_TritonNames_EverySeriesWithItsValue()
    {
        var failures = Enum.GetValues<ServingError>().Select((error, i) => KeyValuePair.Create(error, 1L << i)).ToArray();
        await using var service = await StartAsync(Snapshot(new ModelKey("a", "1"), ModelState.Ready) with
        {
            Failures = failures,
            FailureSeconds = 0.5,
            InputSeconds = 0.000_007,
            OutputSeconds = 0.000_008_9,
            LastLoadSeconds = 1.5,
        });
        var page = await ReadAsync(service);
        long Sum(params ServingError[] errors) => errors.Sum(error => 1L << (int)error);
        var rejected = Sum(ServingError.Overloaded);
        var canceled = Sum(ServingError.Cancelled, ServingError.DeadlineExceeded);
        var backend = Sum(ServingError.ModelFailed);
        (string Series, double Value)[] expected =
        [
            ("nv_inference_request_success{model=\"a\",version=\"1\"}", 11),
            ("nv_inference_request_failure{model=\"a\",reason=\"REJECTED\",version=\"1\"}", rejected),
            ("nv_inference_request_failure{model=\"a\",reason=\"CANCELED\",version=\"1\"}", canceled),
            ("nv_inference_request_failure{model=\"a\",reason=\"BACKEND\",version=\"1\"}", backend),
            ("nv_inference_request_failure{model=\"a\",reason=\"OTHER\",version=\"1\"}", failures.Sum(failure => failure.Value) - rejected - canceled - backend),
            ("nv_inference_count{model=\"a\",version=\"1\"}", 20),
            ("nv_inference_exec_count{model=\"a\",version=\"1\"}", 7),
            ("nv_inference_request_duration_us{model=\"a\",version=\"1\"}", 3_000_000),
            ("nv_inference_queue_duration_us{model=\"a\",version=\"1\"}", 500),
            ("nv_inference_compute_input_duration_us{model=\"a\",version=\"1\"}", 7),
            ("nv_inference_compute_infer_duration_us{model=\"a\",version=\"1\"}", 125_000),
            ("nv_inference_compute_output_duration_us{model=\"a\",version=\"1\"}", 8),
            ("nv_inference_pending_request_count{model=\"a\",version=\"1\"}", 2),
            ("nv_model_load_duration_secs{model=\"a\",version=\"1\"}", 1.5),
        ];
        Assert.All(expected, sample => Assert.Equal(sample.Value, page.Samples[sample.Series]));
        Assert.InRange(page.Samples["nv_cpu_utilization"], 0, 1);
        Assert.InRange(page.Samples["nv_cpu_memory_used_bytes"], 1, page.Samples["nv_cpu_memory_total_bytes"]);
    }

    [Fact]
    public async Task Get_ModelsWithAndWithoutResponseCache_SeriesOfThoseWithIt()
    {
        await using var service = await StartAsync(
            Snapshot(new ModelKey("a", "1"), ModelState.Ready) with { Cache = new ResponseCacheCounts(3, 0.000_004, 5, 0.000_006) },
            Snapshot(new ModelKey("b", "1"), ModelState.Ready));
        var page = await ReadAsync(service);
        Assert.Equal(3, page.Samples["nv_cache_num_hits_per_model{model=\"a\",version=\"1\"}"]);
        Assert.Equal(5, page.Samples["nv_cache_num_misses_per_model{model=\"a\",version=\"1\"}"]);
        Assert.Equal(4, page.Samples["nv_cache_hit_duration_per_model{model=\"a\",version=\"1\"}"]);
        Assert.Equal(6, page.Samples["nv_cache_miss_duration_per_model{model=\"a\",version=\"1\"}"]);
        Assert.DoesNotContain(page.Samples.Keys, static series => series.StartsWith("nv_cache_", StringComparison.Ordinal) && series.Contains("\"b\"", StringComparison.Ordinal));
        Assert.Equal(7, page.Samples["granary_response_cache_entries"]);
        Assert.Equal(800, page.Samples["granary_response_cache_bytes"]);
        Assert.Equal(9000, page.Samples["granary_response_cache_max_bytes"]);
        Assert.Equal(10, page.Samples["granary_response_cache_evictions_total"]);
    }

    [Fact]
    public async Task Get_ManyModels_ValidPage()
    {
        await using var service = await StartAsync([.. Enumerable.Range(1, 300).Select(i => Snapshot(new ModelKey("m", i.ToString(CultureInfo.InvariantCulture)), ModelState.Ready))]);
        Assert.Equal(300, (await ReadAsync(service)).Samples["granary_resident_models"]);
    }

    private static Task<TestService> StartAsync(params ModelMetricsSnapshot[] models) =>
        TestService.StartAsync(builder => builder.Services.AddSingleton<IModelMetrics>(new FixedMetrics(models)), null);

    private static async Task<PrometheusPage> ReadAsync(TestService service)
    {
        using var response = await service.SendRawAsync("GET", "/metrics");
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return PrometheusPage.Parse(await response.Content.ReadAsStringAsync());
    }

    private static ModelMetricsSnapshot Snapshot(ModelKey key, ModelState state) => new()
    {
        Key = key,
        State = state,
        Succeeded = 11,
        Failures = [],
        Rows = 20,
        Executions = 7,
        RequestDuration = new HistogramSnapshot([0.001, 0.5], [2, 3, 1], 3.5, 6),
        QueueDuration = new HistogramSnapshot([0.001], [1, 0], 0.0005, 1),
        ComputeDuration = new HistogramSnapshot([0.001], [0, 1], 0.125, 1),
        Queued = 2,
        Running = 1,
        ResidentBytes = 4096,
        Loads = 5,
        LoadFailures = 6,
        LoadSeconds = 2.25,
    };

    private sealed class FixedMetrics(IReadOnlyList<ModelMetricsSnapshot> models) : IModelMetrics
    {
        public IReadOnlyList<ModelMetricsSnapshot> Snapshot() => models;

        public ResponseCacheSnapshot? ReadResponseCache() => models.Any(static model => model.Cache is not null) ? new ResponseCacheSnapshot(7, 800, 9000, 10) : null;
    }
}
