using System.Net;
using System.Text.Json;
using Granary.Api.Admin;
using Granary.Serving;
using Granary.Serving.Clusters;
using Granary.Serving.Models;
using Granary.Torch;

namespace Granary.Api.Tests.Admin;

public sealed class AdminActionsTests
{
    private const string AdHoc = "huggingface/owner/name:model.pt/0";
    private static readonly ModelKey Key = new("m", "2");

    public static TheoryData<string, string> Targets => new()
    {
        { "/admin/models/m/versions/2/{0}", "m/2" },
        { "/admin/models/m/{0}", "m/1" },
        { "/admin/activations/{0}?key=m%2F2", "m/2" },
        { $"/admin/activations/{{0}}?key={Uri.EscapeDataString(AdHoc)}", AdHoc },
    };

    [Theory]
    [MemberData(nameof(Targets))]
    public async Task Load_EveryWayToNameATarget_LoadsIt(string path, string key)
    {
        await using var service = await StartAsync();
        var (status, body) = await service.SendAsync("POST", string.Format(path, "load"));
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal("ready", body.GetProperty("state").GetString());
        Assert.Equal([$"load {key}"], service.Cluster.Calls);
    }

    [Theory]
    [MemberData(nameof(Targets))]
    public async Task PinUnpin_EveryWayToNameATarget_ShowsIt(string path, string key)
    {
        await using var service = await StartAsync();
        Assert.True((await service.SendAsync("POST", string.Format(path, "pin"))).Body.GetProperty("pinned").GetBoolean());
        Assert.False((await service.SendAsync("POST", string.Format(path, "unpin"))).Body.GetProperty("pinned").GetBoolean());
        Assert.Equal([$"pin {key}", $"unpin {key}"], service.Cluster.Calls);
    }

    [Theory]
    [InlineData("/admin/models/m/versions/9/load", HttpStatusCode.NotFound)]
    [InlineData("/admin/models/x/unload", HttpStatusCode.NotFound)]
    [InlineData("/admin/activations/pin", HttpStatusCode.BadRequest)]
    [InlineData("/admin/activations/pin?key=nokey", HttpStatusCode.BadRequest)]
    [InlineData("/admin/models/m/load?wait=maybe", HttpStatusCode.BadRequest)]
    public async Task Post_BadTarget_Refused(string path, HttpStatusCode expected)
    {
        await using var service = await StartAsync();
        Assert.Equal(expected, (await service.SendAsync("POST", path)).Status);
        Assert.Empty(service.Cluster.Calls);
    }

    [Fact]
    public async Task Unload_Loaded_TrueThenFalse()
    {
        await using var service = await StartAsync();
        service.Cluster.Set(new ModelStatus { Key = Key, State = ModelState.Ready, Pinned = true });
        var (_, first) = await service.SendAsync("POST", "/admin/models/m/versions/2/unload");
        Assert.True(first.GetProperty("unloaded").GetBoolean());
        Assert.Equal("unloaded", first.GetProperty("status").GetProperty("state").GetString());
        Assert.False((await service.SendAsync("POST", "/admin/models/m/versions/2/unload")).Body.GetProperty("unloaded").GetBoolean());
    }

    [Fact]
    public async Task Evict_Pinned_409AndStays()
    {
        await using var service = await StartAsync();
        service.Cluster.Set(new ModelStatus { Key = Key, State = ModelState.Ready, Pinned = true });
        Assert.Equal(HttpStatusCode.Conflict, (await service.SendAsync("POST", "/admin/models/m/versions/2/evict")).Status);
        Assert.Empty(service.Cluster.Calls);
    }

    [Fact]
    public async Task Evict_NotPinned_Unloads()
    {
        await using var service = await StartAsync();
        service.Cluster.Set(new ModelStatus { Key = Key, State = ModelState.Ready });
        Assert.True((await service.SendAsync("POST", "/admin/models/m/versions/2/evict")).Body.GetProperty("unloaded").GetBoolean());
    }

    [Theory]
    [InlineData(ServingError.SourceFailed, HttpStatusCode.BadGateway)]
    [InlineData(ServingError.Overloaded, HttpStatusCode.ServiceUnavailable)]
    [InlineData(ServingError.PermissionDenied, HttpStatusCode.Forbidden)]
    public async Task Load_Fails_ThatErrorsStatus(ServingError error, HttpStatusCode expected)
    {
        await using var service = await StartAsync();
        service.Cluster.LoadFailure = new ServingException(error, "why it failed");
        var (status, body) = await service.SendAsync("POST", "/admin/models/m/load");
        Assert.Equal(expected, status);
        Assert.Equal("why it failed", body.GetProperty("description").GetString());
    }

    [Fact]
    public async Task WarmUp_TheExampleOfTheDocument_LoadsAndRunsThreeTimes()
    {
        await using var service = await StartAsync();
        var (status, body) = await service.SendAsync("POST", "/admin/models/m/versions/2/warmup", AdminExamples.WarmUp);
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal("given", body.GetProperty("inputs").GetString());
        Assert.Equal("""[{"queueSeconds":0.25,"computeSeconds":0.5},{"queueSeconds":0.25,"computeSeconds":0.5},{"queueSeconds":0.25,"computeSeconds":0.5}]""", body.GetProperty("runs").GetRawText());
        Assert.Equal(["load m/2", "infer m/2 forward", "infer m/2 forward", "infer m/2 forward"], service.Cluster.Calls);
    }

    [Fact]
    public async Task WarmUp_NoBodyNoDeclaredInputs_OnlyLoads()
    {
        await using var service = await StartAsync();
        var (_, body) = await service.SendAsync("POST", "/admin/models/m/versions/2/warmup");
        Assert.Equal("none", body.GetProperty("inputs").GetString());
        Assert.Equal(["load m/2"], service.Cluster.Calls);
    }

    [Fact]
    public async Task WarmUp_NoInputsButDeclaredOnes_RunsZeros()
    {
        await using var service = await StartAsync();
        service.Catalog.Add(Samples.Definition("z", "1") with { Inputs = [new TensorSpec("x", DType.Int16, [-1, 2])] });
        var (_, body) = await service.SendAsync("POST", "/admin/models/z/warmup", """{"count":1,"method":"encode"}""");
        Assert.Equal("zeros", body.GetProperty("inputs").GetString());
        Assert.Equal(["_=int16[1,2]:00000000"], service.Cluster.Inputs);
        Assert.Equal(["load z/1", "infer z/1 encode"], service.Cluster.Calls);
    }

    [Fact]
    public async Task WarmUp_DeclaredInputTooLarge_Refused()
    {
        await using var service = await StartAsync();
        service.Catalog.Add(Samples.Definition("z", "1") with { Inputs = [new TensorSpec("x", DType.UInt8, [long.MaxValue, 2])] });
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, (await service.SendAsync("POST", "/admin/models/z/warmup")).Status);
    }

    [Fact(Timeout = 60_000)]
    public async Task WarmUp_NotWaiting_202ThenSucceeded()
    {
        await using var service = await StartAsync();
        var gate = new TaskCompletionSource();
        service.Cluster.LoadGate = gate.Task;
        using var accepted = await service.SendRawAsync("POST", "/admin/models/m/versions/2/warmup", """{"inputs":[{"value":7}],"count":2,"wait":false}""");
        Assert.Equal(HttpStatusCode.Accepted, accepted.StatusCode);
        Assert.Equal("/admin/operations/1", accepted.Headers.Location!.ToString());
        Assert.Equal("running", (await service.SendAsync("GET", "/admin/operations/1")).Body.GetProperty("state").GetString());
        gate.SetResult();
        var operation = await FinishedAsync(service, "1");
        Assert.Equal("succeeded", operation.GetProperty("state").GetString());
        Assert.Equal("warmup", operation.GetProperty("kind").GetString());
        Assert.Equal("m/2", operation.GetProperty("key").GetString());
        Assert.Equal(2, operation.GetProperty("result").GetProperty("runs").GetArrayLength());
        Assert.Equal(["_=int 7", "_=int 7"], service.Cluster.Inputs);
    }

    [Fact(Timeout = 60_000)]
    public async Task Load_NotWaitingAndFailing_OperationSaysWhy()
    {
        await using var service = await StartAsync();
        service.Cluster.LoadFailure = new ServingException(ServingError.NotFound, "no such repository");
        using var accepted = await service.SendRawAsync("POST", "/admin/models/m/load?wait=false");
        Assert.Equal(HttpStatusCode.Accepted, accepted.StatusCode);
        var operation = await FinishedAsync(service, "1");
        Assert.Equal("failed", operation.GetProperty("state").GetString());
        Assert.Equal("no such repository", operation.GetProperty("error").GetString());
        var (_, list) = await service.SendAsync("GET", "/admin/operations");
        Assert.Equal(1, list.GetProperty("operations").GetArrayLength());
    }

    private static async Task<TestService> StartAsync()
    {
        var service = await TestService.StartAsync();
        service.Catalog.Add(Samples.Definition("m", "1"));
        service.Catalog.Add(Samples.Definition("m", "2"));
        return service;
    }

    // Each look is a round trip to the service, so this yields to the operation without a timer.
    private static async Task<JsonElement> FinishedAsync(TestService service, string id)
    {
        while (true)
        {
            var (_, operation) = await service.SendAsync("GET", $"/admin/operations/{id}");
            if (operation.TryGetProperty("finishedAt", out _))
                return operation;
        }
    }

    [Fact]
    public async Task Scale_RegisteredVersion_ChangesTheCatalogAndWhatRuns()
    {
        await using var service = await StartAsync();
        var (status, _) = await service.SendAsync("POST", "/admin/models/m/versions/2/scale", """{"instances": 3}""");
        var (refused, body) = await service.SendAsync("POST", "/admin/models/m/versions/2/scale", """{"instances": -1, "replicas": 2}""");
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal(["scale m/2 3"], service.Cluster.Calls);
        Assert.Equal(3, (await service.Catalog.FindAsync("m"))!.Find("2")!.Instances);
        Assert.Equal(HttpStatusCode.BadRequest, refused);
        Assert.Contains("instances", body.GetProperty("description").GetString(), StringComparison.Ordinal);
        Assert.Contains("replicas", body.GetProperty("description").GetString(), StringComparison.Ordinal);
    }
}
