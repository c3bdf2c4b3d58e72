using System.Net;
using Granary.Api.Tests.Telemetry;
using Granary.Serving;
using Granary.Serving.Models;
using Granary.Serving.Sources;
using Granary.Serving.Weights;
using Microsoft.Extensions.DependencyInjection;

namespace Granary.Api.Tests.Admin;

public sealed class AdminWeightsTests
{
    [Fact]
    public async Task GetWeights_NoStore_404()
    {
        await using var service = await TestService.StartAsync();
        Assert.Equal(HttpStatusCode.NotFound, (await service.SendAsync("GET", "/admin/weights")).Status);
    }

    [Fact]
    public async Task GetWeights_Store_ItsCountersHereAndInTheMetrics()
    {
        await using var service = await TestService.StartAsync(builder => builder.Services.AddSingleton<IWeightsStatistics>(new Counters()), null);
        var (_, body) = await service.SendAsync("GET", "/admin/weights");
        Assert.Equal("""{"hits":1,"misses":2,"downloadedBytes":3,"resumes":4,"failures":5,"evictions":6}""", body.GetRawText());
        using var response = await service.SendRawAsync("GET", "/metrics");
        var page = PrometheusPage.Parse(await response.Content.ReadAsStringAsync());
        Assert.Equal(
            [1, 2, 3, 4, 5, 6],
            ((string[])["hits", "misses", "downloaded_bytes", "resumes", "failures", "evictions"]).Select(name => page.Samples[$"granary_weights_{name}_total"]));
    }

    [Fact]
    public async Task GetWeights_StoredFiles_TellWhichChecksTheyPassed()
    {
        await using var service = await TestService.StartAsync(builder => builder.Services.AddSingleton<IWeightsStatistics>(new Counters()).AddSingleton<IWeightsInventory>(new Inventory()), null);
        var (_, body) = await service.SendAsync("GET", "/admin/weights");
        Assert.Equal(
            """[{"id":"arweave/o/n:f","sha256":"ab","bytes":7,"revision":"tx","verified":["id","owner","signature","data_root"]}]""",
            body.GetProperty("files").GetRawText());
    }

    [Theory]
    [InlineData("PUT", "/admin/models/m/versions/1")]
    [InlineData("POST", "/admin/models/m/versions")]
    public async Task Register_SourceNotAllowed_403AndNotStored(string method, string path)
    {
        var policy = new Policy();
        await using var service = await TestService.StartAsync(builder => builder.Services.AddSingleton<ISourcePolicy>(policy), null);
        var (status, _) = await service.SendAsync(method, path, $$"""{"source":"{{Samples.Source}}"}""");
        Assert.Equal(HttpStatusCode.Forbidden, status);
        Assert.Equal([(Samples.Source, false)], policy.Asked);
        Assert.Empty(await service.Catalog.ListAsync());
    }

    private sealed class Counters : IWeightsStatistics
    {
        public WeightsStatistics Snapshot() => new(1, 2, 3, 4, 5, 6);
    }

    private sealed class Inventory : IWeightsInventory
    {
        public IReadOnlyList<StoredWeights> Contents() => [new("arweave/o/n:f", "ab", 7, "tx", ["id", "owner", "signature", "data_root"])];
    }

    private sealed class Policy : ISourcePolicy
    {
        public List<(string, bool)> Asked { get; } = [];

        public void Check(ModelId id, bool trusted)
        {
            Asked.Add((id.ToString(), trusted));
            throw new ServingException(ServingError.PermissionDenied, "not on the list");
        }

        public long MaxFileBytes(bool trusted) => 0;
    }
}
