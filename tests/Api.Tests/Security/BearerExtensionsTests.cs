using System.Net;
using Granary.Api.Security;
using Granary.Api.Tests.Admin;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Options;

namespace Granary.Api.Tests.Security;

public sealed class BearerExtensionsTests
{
    private const string Setting = "Granary:Security:Bearer";

    [Fact]
    public async Task RequireBearer_NoKeyConfigured_EverybodyRuns()
    {
        await using var service = await TestService.StartAsync();
        using var response = await service.SendRawAsync("POST", "/service_output", "{}");
        Assert.Equal("ran", await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task RequireBearer_RightToken_Runs()
    {
        await using var service = await TestService.StartAsync((Setting, "node-secret"));
        using var response = await service.SendRawAsync("POST", "/service_output", "{}", ("Authorization", "Bearer node-secret"));
        Assert.Equal("ran", await response.Content.ReadAsStringAsync());
    }

    [Theory]
    [InlineData(null)]
    [InlineData("Bearer wrong")]
    [InlineData("Basic bm9kZS1zZWNyZXQ=")]
    public async Task RequireBearer_WrongOrNoToken_401InTheNodesErrorBody(string? authorization)
    {
        await using var service = await TestService.StartAsync((Setting, "node-secret"));
        (string, string)[] headers = authorization is null ? [] : [("Authorization", authorization)];
        using var response = await service.SendRawAsync("POST", "/service_output", "{}", headers);
        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.Equal("Bearer realm=\"granary\"", response.Headers.WwwAuthenticate.ToString());
        Assert.Equal("application/json", response.Content.Headers.ContentType!.ToString());
        var body = await response.Content.ReadAsStringAsync();
        Assert.StartsWith("{\"code\":\"401\",\"name\":\"Unauthorized\",\"description\":\"", body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RequireBearer_KeyConfigured_HealthStaysOpen()
    {
        await using var service = await TestService.StartAsync((Setting, "node-secret"));
        var (status, _) = await service.SendAsync("GET", "/health/live");
        Assert.Equal(HttpStatusCode.OK, status);
    }

    [Fact]
    public async Task RequireBearer_NoKeyConfigured_KeepsTheEndpointsOwnDelegate()
    {
        static Task Run(HttpContext context) => Task.CompletedTask;
        var builder = WebApplication.CreateSlimBuilder();
        builder.Services.AddBearer();
        await using var app = builder.Build();
        RequestDelegate own = Run;
        app.MapPost("/x", own).RequireBearer();
        var endpoint = Assert.Single(((IEndpointRouteBuilder)app).DataSources.SelectMany(source => source.Endpoints));
        Assert.Same(own, endpoint.RequestDelegate);
    }

    [Fact]
    public async Task RequireBearer_Group_ProtectsEveryEndpoint()
    {
        await using var service = await TestService.StartAsync(
            null,
            app =>
        {
            var group = app.MapGroup("/v2").RequireBearer();
            group.MapGet("/a", context => context.Response.WriteAsync("a"));
            group.MapGet("/b", () => "b");
        },
        (Setting, "k"));
        foreach (var path in (string[])["/v2/a", "/v2/b"])
        {
            using var refused = await service.SendRawAsync("GET", path);
            Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
            using var answered = await service.SendRawAsync("GET", path, null, ("Authorization", "Bearer k"));
            Assert.Equal(path[^1..], await answered.Content.ReadAsStringAsync());
        }
    }

    [Fact]
    public async Task Start_BearerWithBlank_RefusedWithTheOptionsName()
    {
        var exception = await Assert.ThrowsAsync<OptionsValidationException>(() => TestService.StartAsync((Setting, "two words")));
        Assert.Contains(Setting, exception.Message, StringComparison.Ordinal);
    }
}
