using System.Net;
using Granary.Api.Admin;
using Microsoft.Extensions.Options;

namespace Granary.Api.Tests.Admin;

public sealed class AdminListenerTests
{
    [Theory]
    [InlineData("127.0.0.1:3001", "127.0.0.1:3001")]
    [InlineData("localhost:0", "127.0.0.1:0")]
    [InlineData("3001", "127.0.0.1:3001")]
    [InlineData("0.0.0.0:65535", "0.0.0.0:65535")]
    [InlineData("[::1]:3001", "[::1]:3001")]
    [InlineData("*:3001", "[::]:3001")]
    [InlineData(":3001", "[::]:3001")]
    [InlineData("::1:3001", null)]
    [InlineData("127.0.0.1", null)]
    [InlineData("127.0.0.1:65536", null)]
    [InlineData("127.0.0.1:-1", null)]
    [InlineData("granary.example:3001", null)]
    [InlineData("[granary]:3001", null)]
    public void Parse_Text_EndpointOrNull(string text, string? expected) => Assert.Equal(expected, AdminListener.Parse(text)?.ToString());

    [Fact]
    public async Task Bind_Set_AdminAnswersThereAndNowhereElse()
    {
        await using var service = await TestService.StartAsync(("Granary:Admin:Bind", "127.0.0.1:0"));
        Assert.Equal(2, service.Addresses.Count);
        var (admin, main) = (service.Addresses[0], service.Addresses[1]);
        using var client = new HttpClient();
        using var there = await client.GetAsync(new Uri(admin, "/admin/models"));
        Assert.Equal(HttpStatusCode.OK, there.StatusCode);
        using var here = await client.GetAsync(new Uri(main, "/admin/models"));
        Assert.Equal(HttpStatusCode.NotFound, here.StatusCode);
        Assert.Equal("""{"code":"404","name":"Not Found","description":"There is nothing at /admin/models on this port"}""", await here.Content.ReadAsStringAsync());
        using var health = await client.GetAsync(new Uri(main, "/health/live"));
        Assert.Equal(HttpStatusCode.OK, health.StatusCode);
    }

    [Fact]
    public async Task Bind_NotSet_OneListener()
    {
        await using var service = await TestService.StartAsync();
        Assert.Single(service.Addresses);
    }

    [Fact]
    public async Task Start_SeveralFaults_AllNamedAtOnce()
    {
        var exception = await Assert.ThrowsAsync<OptionsValidationException>(() =>
            TestService.StartAsync(("Granary:Admin:Bind", "nowhere"), ("Granary:Admin:Key", "two words"), ("Granary:Admin:MaxBodyBytes", "0")));
        Assert.Collection(
            exception.Failures,
            fault => Assert.StartsWith("Granary:Admin:Key holds a blank", fault, StringComparison.Ordinal),
            fault => Assert.StartsWith("Granary:Admin:Bind is 'nowhere'", fault, StringComparison.Ordinal),
            fault => Assert.StartsWith("Granary:Admin:MaxBodyBytes is 0", fault, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Key_Set_AsksForIt()
    {
        await using var service = await TestService.StartAsync(("Granary:Admin:Key", "op-secret"), ("Granary:Admin:AllowedHosts:0", "x"));
        using var refused = await service.SendRawAsync("GET", "/admin/models");
        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        Assert.Equal("Bearer realm=\"granary\"", refused.Headers.WwwAuthenticate.ToString());
        using var answered = await service.SendRawAsync("GET", "/admin/models", null, ("Authorization", "Bearer op-secret"));
        Assert.Equal(HttpStatusCode.OK, answered.StatusCode);
    }

    [Fact]
    public async Task AllowedHosts_FromConfiguration_Taken()
    {
        await using var service = await TestService.StartAsync(("Granary:Admin:AllowedHosts:0", "granary.test"));
        using var allowed = await service.SendRawAsync("GET", "/admin/models", null, ("Host", "granary.test"));
        Assert.Equal(HttpStatusCode.OK, allowed.StatusCode);
        using var refused = await service.SendRawAsync("GET", "/admin/models", null, ("Host", "rebound.test"));
        Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
    }
}
