using System.Net;
using System.Text.Json;
using Granary.Api.Health;
using Granary.Api.Tests.Admin;
using Granary.Serving.Clusters;
using Granary.Serving.Models;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Granary.Api.Tests.Health;

public sealed class HealthTests
{
    private static readonly ModelKey Key = new("default", "1");

    [Theory]
    [InlineData("/health/live", "live")]
    [InlineData("/health/startup", "started")]
    [InlineData("/health/ready", "ready")]
    public async Task Get_NothingToPreload_200(string path, string status)
    {
        await using var service = await TestService.StartAsync();
        var (code, body) = await service.SendAsync("GET", path);
        Assert.Equal(HttpStatusCode.OK, code);
        Assert.Equal(status, body.GetProperty("status").GetString());
    }

    [Theory]
    [InlineData("/health/live")]
    [InlineData("/health/startup")]
    [InlineData("/health/ready")]
    public async Task Head_EveryProbe_StatusWithoutBody(string path)
    {
        await using var service = await TestService.StartAsync();
        using var response = await service.SendRawAsync("HEAD", path);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Empty(await response.Content.ReadAsByteArrayAsync());
    }

    [Fact]
    public async Task Ready_WhileLoading_503SaysSo()
    {
        await using var service = await TestService.StartAsync();
        Readiness(service).SetModelState(Key, ModelState.Loading);
        var (code, body) = await service.SendAsync("GET", "/health/ready");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, code);
        Assert.Equal("""{"status":"unready","reasons":["model 'default/1' is loading"],"models":[{"key":"default/1","state":"loading"}]}""", body.GetRawText());
    }

    [Fact]
    public async Task Ready_AfterFailure_503WithTheReasonWhileLiveAndStartedStay()
    {
        await using var service = await TestService.StartAsync();
        Readiness(service).SetModelState(Key, ModelState.Failed, "no such file");
        service.Cluster.Set(new ModelStatus { Key = Key, State = ModelState.Failed });
        var (code, body) = await service.SendAsync("GET", "/health/ready");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, code);
        Assert.Equal(["model 'default/1' failed to load: no such file"], Texts(body, "reasons"));
        Assert.Equal(HttpStatusCode.OK, (await service.SendAsync("GET", "/health/live")).Status);
        Assert.Equal(HttpStatusCode.OK, (await service.SendAsync("GET", "/health/startup")).Status);
    }

    [Fact]
    public async Task Ready_FailedModelLoadedLater_200AndStaysAfterIdleUnload()
    {
        await using var service = await TestService.StartAsync();
        Readiness(service).SetModelState(Key, ModelState.Failed, "timed out");
        service.Cluster.Set(new ModelStatus { Key = Key, State = ModelState.Ready });
        Assert.Equal(HttpStatusCode.OK, (await service.SendAsync("GET", "/health/ready")).Status);
        service.Cluster.Set(new ModelStatus { Key = Key, State = ModelState.Unloaded });
        Assert.Equal(HttpStatusCode.OK, (await service.SendAsync("GET", "/health/ready")).Status);
    }

    [Fact]
    public async Task Ready_OneOfTwoReady_503NamesTheOther()
    {
        await using var service = await TestService.StartAsync();
        Readiness(service).SetModelState(new ModelKey("b", "1"), ModelState.Loading);
        Readiness(service).SetModelState(new ModelKey("a", "1"), ModelState.Ready);
        var (_, body) = await service.SendAsync("GET", "/health/ready");
        Assert.Equal(["model 'b/1' is loading"], Texts(body, "reasons"));
        Assert.Equal(["a/1", "b/1"], body.GetProperty("models").EnumerateArray().Select(model => model.GetProperty("key").GetString()));
    }

    [Fact]
    public async Task Ready_WhileDraining_503()
    {
        var entered = new TaskCompletionSource();
        var release = new TaskCompletionSource();
        await using var service = await TestService.StartAsync(null, app => app.MapGet("/hold", async context =>
        {
            entered.SetResult();
            await release.Task;
            var report = await context.RequestServices.GetRequiredService<HealthProbe>().ReadyAsync(default);
            await context.Response.WriteAsync(report.Reasons![0]);
        }));
        var held = service.SendRawAsync("GET", "/hold");
        await entered.Task;
        var lifetime = service.App.Services.GetRequiredService<IHostApplicationLifetime>();
        var stopping = new TaskCompletionSource();
        using var registration = lifetime.ApplicationStopping.Register(stopping.SetResult);
        var stop = service.App.StopAsync();
        await stopping.Task;
        release.SetResult();
        using var response = await held;
        Assert.Equal("draining: the process is shutting down", await response.Content.ReadAsStringAsync());
        await stop;
    }

    private static ReadinessState Readiness(TestService service) => service.App.Services.GetRequiredService<ReadinessState>();

    private static IEnumerable<string?> Texts(JsonElement body, string name) => body.GetProperty(name).EnumerateArray().Select(text => text.GetString());
}
