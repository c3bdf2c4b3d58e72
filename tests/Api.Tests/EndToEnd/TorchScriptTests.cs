using System.Globalization;
using System.Net;
using System.Text.Json;

namespace Granary.Api.Tests.EndToEnd;

/// <summary>From the socket to libtorch and back, with the committed sample models.</summary>
public class TorchScriptTests
{
    private const string Row = "8.3252, 41.0, 6.984127, 1.02381, 322.0, 2.555556, 37.88, -122.23";
    private const string SeedForm = """{"source": 1, "data": {"inputs": {"input": {"values": [[ROW]], "shape": [1, 8], "dtype": "double"}}}}""";
    private static readonly string Golden = Path.Combine(AppContext.BaseDirectory, "Infernet", "golden");

    [Theory]
    [InlineData(SeedForm)]
    [InlineData("""{"source":1,"destination":1,"data":{"input":{"dtype":"double","shape":[1,8],"values":[[ROW]]}},"requires_proof":false}""")]
    [InlineData("""{"source":1,"destination":1,"data":{"input":{"dtype":2,"shape":[1,8],"values":[ROW]},"output_arithmetic":"ieee"}}""")]
    public async Task ServiceOutput_California_AnswersWithinTheTolerance(string body)
    {
        await using var server = await RealServer.StartAsync(RealServer.LocalModel(RealServer.Sample("california_housing.pt")), "--workers=2");

        var (status, text) = await server.AskAsync(body.Replace("ROW", Row));

        Assert.True(status == HttpStatusCode.OK, text);
        using var document = JsonDocument.Parse(text);
        Assert.Equal("[1]", document.RootElement.GetProperty("shape").GetRawText());
        Assert.Equal(4.1519430, document.RootElement.GetProperty("values")[0].GetDouble(), 1e-6);
    }

    [Fact]
    public async Task ServiceOutput_Seed001Curl_AnswersTheRow()
    {
        await using var server = await RealServer.StartAsync(RealServer.LocalModel(RealServer.Sample("row69.pt")));

        var (status, text) = await server.AskAsync(await File.ReadAllTextAsync(Path.Combine(Golden, "seed001.request.json")));

        Assert.True(status == HttpStatusCode.OK, text);
        using var document = JsonDocument.Parse(text);
        Assert.Equal(0.4036910362253003, document.RootElement.GetProperty("data")[0][0].GetDouble(), 1e-12);
    }

    [Fact]
    public async Task ServiceOutput_TwoHundredAtOnceOnAColdModel_AnswersAll()
    {
        await using var server = await RealServer.StartAsync([], $"--local-root={Path.GetDirectoryName(RealServer.Sample("x"))}");
        var requests = Enumerable.Range(0, 200).Select(async i =>
        {
            var row = Row.Replace("41.0", i.ToString(CultureInfo.InvariantCulture));
            var (status, text) = await server.AskAsync(Housing("california_housing.pt", row));
            Assert.True(status == HttpStatusCode.OK, text);
            using var document = JsonDocument.Parse(text);
            Assert.Equal(4.1519430 + ((i - 41) * 0.00972425752), document.RootElement.GetProperty("values")[0].GetDouble(), 1e-6);
        });

        await Task.WhenAll(requests);

        using var metrics = JsonDocument.Parse(await server.Client.GetStringAsync("/service-resources"));
        Assert.Equal(1, metrics.RootElement.GetProperty("compute_capability")[0].GetProperty("cached_models").GetArrayLength());
    }

    [Fact]
    public async Task ServiceOutput_LocalPathOfARequestWithoutARoot_IsRefused()
    {
        await using var server = await RealServer.StartAsync([]);

        var (status, text) = await server.AskAsync(Housing(RealServer.Sample("california_housing.pt"), Row));

        Assert.Equal(HttpStatusCode.Forbidden, status);
        Assert.Contains("\"code\":\"403\"", text);
    }

    [Fact]
    public async Task ServiceOutput_ShapeThatTheModelRefuses_IsAJsonError()
    {
        await using var server = await RealServer.StartAsync(RealServer.LocalModel(RealServer.Sample("california_housing.pt")));

        var (status, text) = await server.AskAsync("""{"source":1,"data":{"input":{"dtype":"double","shape":[1,2],"values":[[1,2]]}}}""");

        Assert.True((int)status is 400 or 500, text);
        using var document = JsonDocument.Parse(text);
        Assert.Equal(((int)status).ToString(CultureInfo.InvariantCulture), document.RootElement.GetProperty("code").GetString());
    }

    [Fact]
    public async Task Start_ModelThatIsMissing_ServesAndSaysWhy()
    {
        await using var server = await RealServer.StartAsync(RealServer.LocalModel("/nowhere/model.pt"));

        var (status, _) = await server.AskAsync(SeedForm.Replace("ROW", Row));
        Assert.True((int)status is 404 or 503, $"{status}");
        Assert.Equal("""{"message":"Torch ML Inference Service"}""", await server.Client.GetStringAsync("/"));
        await server.WaitForDefaultModelAsync("failed");
        using var ready = await server.Client.GetAsync("/health/ready");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.StatusCode);
        Assert.DoesNotContain("nowhere", await ready.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Start_AnotherModelThanBefore_IsReadyWithIt()
    {
        var folder = Directory.CreateTempSubdirectory("granary-api-");
        await using (await RealServer.StartInAsync(folder, true, RealServer.LocalModel(RealServer.Sample("row69.pt"))))
        {
        }

        await using var server = await RealServer.StartInAsync(folder, false, RealServer.LocalModel(RealServer.Sample("california_housing.pt")));
        await server.WaitForDefaultModelAsync("ready");

        using var ready = await server.Client.GetAsync("/health/ready");
        Assert.Equal(HttpStatusCode.OK, ready.StatusCode);
        Assert.Contains("default/2", await ready.Content.ReadAsStringAsync());
        var (status, text) = await server.AskAsync(SeedForm.Replace("ROW", Row));
        Assert.True(status == HttpStatusCode.OK, text);
    }

    private static string Housing(string path, string row) =>
        """{"source":1,"data":{"model_source":0,"load_args":{"path":"PATH"},"input":{"dtype":"double","shape":[1,8],"values":[[ROW]]}}}""".Replace("PATH", path).Replace("ROW", row);
}
