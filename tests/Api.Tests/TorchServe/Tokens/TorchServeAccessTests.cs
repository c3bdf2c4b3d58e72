using System.Net;
using Granary.Api.Admin;
using Granary.Api.Security;
using Granary.Api.TorchServe;
using Granary.Api.TorchServe.Tokens;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace Granary.Api.Tests.TorchServe.Tokens;

/// <summary>ShellTorch: management that answers whoever reaches it. Here the address it listens on lets nobody in.</summary>
public sealed class TorchServeAccessTests
{
    private static int? Check(string remote, AdminOptions admin, bool tokens = false, string? authorization = null, string host = "10.0.0.5:8081", string? origin = null)
    {
        var context = new DefaultHttpContext();
        context.Connection.RemoteIpAddress = IPAddress.Parse(remote);
        context.Request.Scheme = "http";
        context.Request.Host = new HostString(host);
        if (authorization is not null)
            context.Request.Headers.Authorization = authorization;
        if (origin is not null)
            context.Request.Headers.Origin = origin;
        var access = new TorchServeAccess(
            Options.Create(new TorchServeOptions { TokenAuthorization = tokens, ManagementAddress = "0.0.0.0:8081" }),
            Options.Create(new SecurityOptions()),
            AdminGuard.CreateAccess(admin),
            new TokenAuthority(TimeSpan.FromHours(1), TimeProvider.System));
        return access.CheckManagement(context)?.Status;
    }

    [Theory]
    [InlineData("127.0.0.1", null)]
    [InlineData("::1", null)]
    [InlineData("10.0.0.7", 403)]
    [InlineData("203.0.113.9", 403)]
    public void CheckManagement_WithoutAKey_OnlyThisMachine(string remote, int? status) => Assert.Equal(status, Check(remote, new AdminOptions()));

    [Theory]
    [InlineData(null, 401)]
    [InlineData("Bearer wrong", 401)]
    [InlineData("Bearer right", null)]
    public void CheckManagement_WithAKey_WhoeverPresentsIt(string? authorization, int? status) =>
        Assert.Equal(status, Check("203.0.113.9", new AdminOptions { Key = "right" }, authorization: authorization));

    [Fact]
    public void CheckManagement_AWebPageOfAnotherSite_IsRefused() =>
        Assert.Equal(403, Check("127.0.0.1", new AdminOptions(), origin: "http://evil.example"));

    [Fact]
    public void CheckManagement_DnsRebinding_IsRefused() => Assert.Equal(403, Check("127.0.0.1", new AdminOptions(), host: "evil.example:8081"));

    [Fact]
    public void CheckManagement_WithTokens_LoopbackIsNotEnough() => Assert.Equal(401, Check("127.0.0.1", new AdminOptions(), tokens: true));
}
