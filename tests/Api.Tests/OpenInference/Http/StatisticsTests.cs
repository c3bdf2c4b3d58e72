using System.Text.Json;

namespace Granary.Api.Tests.OpenInference.Http;

public sealed class StatisticsTests(V2Bed bed) : IClassFixture<V2Bed>
{
    private const string Body = """{"inputs":[{"name":"x","shape":[2,2,2],"datatype":"FP32","data":[1,2,3,4,5,6,7,8]}]}""";

    [Fact]
    public async Task Stats_UnderLoad_CountEveryRequestAndRow()
    {
        const int callers = 8, each = 50;
        await Task.WhenAll(Enumerable.Range(0, callers).Select(async _ =>
        {
            for (var i = 0; i < each; i++)
                Assert.Equal(200, (await bed.InferAsync("flat", Body)).Status);
        }));
        // Refused by the configuration before the model is asked, so it is nobody's failure.
        Assert.Equal(400, (await bed.InferAsync("flat", Body.Replace("FP32", "FP64"))).Status);

        var stats = await OneAsync("/v2/models/flat/versions/1/stats");

        var keys = stats.EnumerateObject().Select(property => property.Name);
        Assert.Equal(["name", "version", "last_inference", "inference_count", "execution_count", "inference_stats", "response_stats", "batch_stats", "memory_usage"], keys);
        Assert.Equal(2 * callers * each, stats.GetProperty("inference_count").GetInt64());
        var executions = stats.GetProperty("execution_count").GetInt64();
        Assert.InRange(executions, 1, callers * each);
        var inference = stats.GetProperty("inference_stats");
        Assert.Equal(["success", "fail", "queue", "compute_input", "compute_infer", "compute_output", "cache_hit", "cache_miss"], inference.EnumerateObject().Select(property => property.Name));
        Assert.Equal(callers * each, inference.GetProperty("success").GetProperty("count").GetInt64());
        Assert.Equal(callers * each, inference.GetProperty("compute_infer").GetProperty("count").GetInt64());
        Assert.Equal(0, inference.GetProperty("fail").GetProperty("count").GetInt64());
        Assert.True(inference.GetProperty("success").GetProperty("ns").GetInt64() >= inference.GetProperty("compute_infer").GetProperty("ns").GetInt64());
        Assert.Equal(executions, stats.GetProperty("batch_stats").EnumerateArray().Sum(batch => batch.GetProperty("compute_infer").GetProperty("count").GetInt64()));
        Assert.NotEqual(0, stats.GetProperty("last_inference").GetInt64());
    }

    [Fact]
    public async Task Stats_OfAll_HoldEveryModel()
    {
        var (_, body) = await bed.GetAsync("/v2/models/stats");

        using var all = JsonDocument.Parse(body);
        Assert.Equal(["dictionary", "echo", "flat", "mixed", "named", "raw", "simple", "wrong"], all.RootElement.GetProperty("model_stats").EnumerateArray().Select(model => model.GetProperty("name").GetString()).Where(name => name is not ("learned" or "moving")));
    }

    [Theory]
    [InlineData("/v2/models/nobody/stats", """{"error":"requested model 'nobody' is not available"}""")]
    [InlineData("/v2/models/echo/versions/7/stats", """{"error":"requested model version is not available for model 'echo'"}""")]
    public async Task Stats_UnknownModel_AreRefused(string path, string message)
    {
        Assert.Equal((400, message), await bed.GetAsync(path));
    }

    private async Task<JsonElement> OneAsync(string path)
    {
        var (_, body) = await bed.GetAsync(path);
        using var document = JsonDocument.Parse(body);
        return Assert.Single(document.RootElement.GetProperty("model_stats").EnumerateArray()).Clone();
    }
}
