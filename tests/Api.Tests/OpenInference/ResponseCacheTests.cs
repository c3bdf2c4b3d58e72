using System.Text.Json;
using Granary.Api.Grpc.Protos;
using Granary.Api.Tests.OpenInference.Grpc;
using static Granary.Api.Tests.OpenInference.Grpc.InferenceClient;

namespace Granary.Api.Tests.OpenInference;

/// <summary><c>response_cache</c> over the whole service.</summary>
public sealed class ResponseCacheTests : IAsyncLifetime
{
    private const string Config = """
        backend: "pytorch"
        max_batch_size: 8
        input [ { name: "INPUT0" data_type: TYPE_INT32 dims: [16] }, { name: "INPUT1" data_type: TYPE_INT32 dims: [16] } ]
        output [ { name: "OUTPUT0" data_type: TYPE_INT32 dims: [16] }, { name: "OUTPUT1" data_type: TYPE_INT32 dims: [16] } ]
        response_cache { enable: true }
        """;

    private readonly V2Bed _bed = new("--cache-config=local,size=1048576");
    private InferenceClient _client = null!;

    private static string Body { get; } =
        $$"""{"inputs":[{"name":"INPUT0","shape":[1,16],"datatype":"INT32","data":[{{string.Join(',', Enumerable.Range(0, 16))}}]},{"name":"INPUT1","shape":[1,16],"datatype":"INT32","data":[{{string.Join(',', Enumerable.Repeat(1, 16))}}]}]}""";

    public async Task InitializeAsync()
    {
        _bed.AddModel("kept", Config, "simple");
        await _bed.InitializeAsync();
        _client = new InferenceClient(_bed.Client.BaseAddress!);
    }

    public async Task DisposeAsync()
    {
        _client.Dispose();
        await _bed.DisposeAsync();
    }

    [Fact]
    public async Task Infer_SameInputsOverEveryTransport_RunTheModelOnce()
    {
        var (status, first) = await _bed.InferAsync("kept", Body);
        Assert.Equal(200, status);
        Assert.Equal((200, first), await _bed.InferAsync("kept", Body));
        var request = Simple("a");
        request.ModelName = "kept";
        var answer = await _client.InferAsync(request);
        Assert.Equal(Enumerable.Range(1, 16), Numbers<int>(answer.RawOutputContents[0]));
        Assert.Equal("a", answer.Id);
        // Another part of the same result, as classes.
        request.Outputs.Add(new ModelInferRequest.Types.InferRequestedOutputTensor { Name = "OUTPUT1", Parameters = { ["classification"] = new InferParameter { Int64Param = 1 } } });
        var classes = await _client.InferAsync(request);
        Assert.EndsWith("14:15", Assert.Single(classes.RawOutputContents).ToStringUtf8(), StringComparison.Ordinal);
        Assert.Equal(200, (await _bed.InferAsync("kept", Body.Replace("[0,1,", "[7,1,"))).Status);

        var stats = await StatsAsync();
        Assert.Equal((2, 2), (stats.GetProperty("inference_count").GetInt64(), stats.GetProperty("execution_count").GetInt64()));
        var inference = stats.GetProperty("inference_stats");
        Assert.Equal([5, 2, 3, 2], new[] { "success", "queue", "cache_hit", "cache_miss" }.Select(name => inference.GetProperty(name).GetProperty("count").GetInt64()));
        Assert.True(inference.GetProperty("cache_hit").GetProperty("ns").GetInt64() > 0);
        var message = Assert.Single((await _client.CallAsync<ModelStatisticsResponse>("ModelStatistics", new ModelStatisticsRequest { Name = "kept" })).ModelStats);
        Assert.Equal((3ul, 2ul), (message.InferenceStats.CacheHit.Count, message.InferenceStats.CacheMiss.Count));
        var (_, metrics) = await _bed.GetAsync("/metrics");
        Assert.Contains("""nv_cache_num_hits_per_model{model="kept",version="1"} 3""", metrics, StringComparison.Ordinal);
        Assert.Contains("""nv_cache_num_misses_per_model{model="kept",version="1"} 2""", metrics, StringComparison.Ordinal);
        Assert.Contains("granary_response_cache_entries 2\n", metrics, StringComparison.Ordinal);
        Assert.DoesNotContain("""nv_cache_num_hits_per_model{model="simple""", metrics, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Infer_ModelWithoutCache_RunsEachTime()
    {
        await _bed.InferAsync("simple", Body);
        await _bed.InferAsync("simple", Body);

        var (_, body) = await _bed.GetAsync("/v2/models/simple/stats");
        Assert.Contains("\"execution_count\":2,", body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Infer_AfterUnloadAndLoad_RunsTheModelAgain()
    {
        Assert.Equal(200, (await _bed.InferAsync("kept", Body)).Status);
        Assert.Equal(200, (await _bed.PostAsync("/v2/repository/models/kept/unload", "")).Status);
        Assert.Equal(200, (await _bed.PostAsync("/v2/repository/models/kept/load", "")).Status);
        Assert.Equal(200, (await _bed.InferAsync("kept", Body)).Status);

        Assert.Contains("granary_response_cache_entries 1\n", (await _bed.GetAsync("/metrics")).Body, StringComparison.Ordinal);
        var inference = (await StatsAsync()).GetProperty("inference_stats");
        Assert.Equal(0, inference.GetProperty("cache_hit").GetProperty("count").GetInt64());
    }

    [Fact]
    public async Task Infer_AfterLoadWithAnotherFile_AnswersWithIt()
    {
        Assert.Equal(200, (await _bed.InferAsync("kept", Body)).Status);
        var config = JsonSerializer.Serialize("""{"backend":"pytorch","max_batch_size":8,"response_cache":{"enable":true},"input":[{"name":"x","data_type":"TYPE_INT32","dims":[16]}],"output":[{"name":"OUTPUT0","data_type":"TYPE_INT32","dims":[16]}]}""");
        var file = Convert.ToBase64String(await File.ReadAllBytesAsync(Path.Combine(AppContext.BaseDirectory, "OpenInference", "Models", "echo.pt")));
        Assert.Equal((200, ""), await _bed.PostAsync("/v2/repository/models/kept/load", $$$"""{"parameters":{"config":{{{config}}},"file:1/model.pt":"{{{file}}}"}}"""));

        var (status, answer) = await _bed.InferAsync("kept", """{"inputs":[{"name":"x","shape":[1,16],"datatype":"INT32","data":[0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15]}]}""");

        Assert.Equal(200, status);
        Assert.Contains("\"data\":[0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15]", answer, StringComparison.Ordinal);
        Assert.Contains("granary_response_cache_entries 1\n", (await _bed.GetAsync("/metrics")).Body, StringComparison.Ordinal);
    }

    private async Task<JsonElement> StatsAsync()
    {
        var (_, body) = await _bed.GetAsync("/v2/models/kept/stats");
        using var document = JsonDocument.Parse(body);
        return Assert.Single(document.RootElement.GetProperty("model_stats").EnumerateArray()).Clone();
    }
}
