using System.Net;
using Granary.Serving.Clusters;
using Granary.Serving.Models;
using Granary.Torch;

namespace Granary.Api.Tests.Admin;

public sealed class AdminQueriesTests
{
    [Fact]
    public async Task ListModels_EmptyCatalog_EmptyList()
    {
        await using var service = await TestService.StartAsync();
        var (status, body) = await service.SendAsync("GET", "/admin/models");
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal("""{"models":[]}""", body.GetRawText());
    }

    [Fact]
    public async Task ListModels_TwoVersions_EachWithDefinitionAndState()
    {
        await using var service = await TestService.StartAsync();
        service.Catalog.Add(Samples.Definition("a", "1"));
        service.Catalog.Add(Samples.Definition("a", "2"), makeDefault: true);
        service.Catalog.Add(Samples.Definition("b", "1"));
        service.Cluster.Set(new ModelStatus { Key = new ModelKey("a", "2"), State = ModelState.Ready, ResidentBytes = 4096 });
        var (_, body) = await service.SendAsync("GET", "/admin/models");
        var models = body.GetProperty("models");
        Assert.Equal(["a", "b"], models.EnumerateArray().Select(model => model.GetProperty("name").GetString()));
        Assert.Equal("2", models[0].GetProperty("defaultVersion").GetString());
        var versions = models[0].GetProperty("versions");
        Assert.Equal(["a/1", "a/2"], versions.EnumerateArray().Select(version => version.GetProperty("key").GetString()));
        Assert.Equal([false, true], versions.EnumerateArray().Select(version => version.GetProperty("isDefault").GetBoolean()));
        Assert.Equal(["unloaded", "ready"], versions.EnumerateArray().Select(version => version.GetProperty("status").GetProperty("state").GetString()));
        Assert.Equal(4096, versions[1].GetProperty("status").GetProperty("residentBytes").GetInt64());
    }

    [Fact]
    public async Task GetVersion_FullStatus_ShowsEveryField()
    {
        await using var service = await TestService.StartAsync();
        service.Catalog.Add(Samples.Definition("a", "1"));
        service.Cluster.Set(new ModelStatus
        {
            Key = new ModelKey("a", "1"),
            State = ModelState.Failed,
            Reason = "no such file",
            Device = "cuda:0",
            Sha256 = "ab",
            ResidentBytes = 1,
            Pinned = true,
            Running = 2,
            Queued = 3,
            LoadedAt = DateTimeOffset.UnixEpoch,
            LoadDuration = TimeSpan.FromSeconds(1.5),
            LastUsedAt = DateTimeOffset.UnixEpoch.AddSeconds(1),
            Methods = [new MethodSchema("forward", [new ArgumentSchema("x", "Tensor", false, null), new ArgumentSchema("k", "int", true, "3")], "Tensor")],
            Statistics = new ModelStatistics { Succeeded = 4, Failed = 5, Rows = 6, Executions = 7, Loads = 8, QueueTime = TimeSpan.FromSeconds(9), ComputeTime = TimeSpan.FromSeconds(10.5) },
        });
        var (_, body) = await service.SendAsync("GET", "/admin/models/a/versions/1");
        Assert.Equal(
            """{"key":"a/1","adHoc":false,"state":"failed","reason":"no such file","device":"cuda:0","sha256":"ab","residentBytes":1,"pinned":true,"running":2,"queued":3,"loadedAt":"1970-01-01T00:00:00+00:00","loadSeconds":1.5,"lastUsedAt":"1970-01-01T00:00:01+00:00","statistics":{"succeeded":4,"failed":5,"rows":6,"executions":7,"loads":8,"queueSeconds":9,"computeSeconds":10.5},"methods":[{"name":"forward","arguments":[{"name":"x","type":"Tensor"},{"name":"k","type":"int","default":"3"}],"returns":"Tensor"}]}""",
            body.GetProperty("status").GetRawText());
    }

    [Theory]
    [InlineData("/admin/models/nobody", "There is no model 'nobody'")]
    [InlineData("/admin/models/nobody/versions/1", "There is no model 'nobody'")]
    [InlineData("/admin/models/a/versions/9", "Model 'a' has no version '9'; it has 1")]
    [InlineData("/admin/operations/77", "There is no operation '77'")]
    public async Task Get_Unknown_404NamesIt(string path, string description)
    {
        await using var service = await TestService.StartAsync();
        service.Catalog.Add(Samples.Definition("a", "1"));
        var (status, body) = await service.SendAsync("GET", path);
        Assert.Equal(HttpStatusCode.NotFound, status);
        Assert.Equal("404", body.GetProperty("code").GetString());
        Assert.Equal("Not Found", body.GetProperty("name").GetString());
        Assert.StartsWith(description, body.GetProperty("description").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ListActivations_AdHocKey_ListedAndFoundByQuery()
    {
        await using var service = await TestService.StartAsync();
        var key = ModelKey.AdHoc(ModelIdParser.Parse("huggingface/owner/name:model.pt"));
        service.Cluster.Set(new ModelStatus { Key = key, State = ModelState.Loading });
        service.Cluster.Set(new ModelStatus { Key = new ModelKey("a", "1"), State = ModelState.Ready });
        var (_, all) = await service.SendAsync("GET", "/admin/activations");
        Assert.Equal(["a/1", "huggingface/owner/name:model.pt/0"], all.GetProperty("activations").EnumerateArray().Select(one => one.GetProperty("key").GetString()));
        var (_, one) = await service.SendAsync("GET", $"/admin/activations?key={Uri.EscapeDataString(key.ToString())}");
        Assert.Equal("loading", one.GetProperty("state").GetString());
        Assert.True(one.GetProperty("adHoc").GetBoolean());
    }
}
