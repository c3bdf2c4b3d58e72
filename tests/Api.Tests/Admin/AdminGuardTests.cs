using System.Net;
using System.Text.Json;
using Granary.Api.Admin;
using Microsoft.AspNetCore.Http;

namespace Granary.Api.Tests.Admin;

public sealed class AdminGuardTests
{
    private const string Forwarded = "X-Forwarded-For";

    [Theory]
    [InlineData("127.0.0.1", "127.0.0.1:3000")]
    [InlineData("127.8.9.10", "localhost")]
    [InlineData("::1", "[::1]:3000")]
    [InlineData("::ffff:127.0.0.1", "LOCALHOST:3000")]
    [InlineData("127.0.0.1", "192.168.1.5:3000")]
    public async Task Protect_NoKeyFromThisMachine_Passes(string remote, string host) =>
        Assert.Equal(200, (await RunAsync(new AdminOptions(), remote, host)).Status);

    [Theory]
    [InlineData("10.0.0.7")]
    [InlineData("::ffff:10.0.0.7")]
    [InlineData("fe80::1")]
    [InlineData(null)]
    public async Task Protect_NoKeyFromElsewhere_403SaysHowToSetTheKey(string? remote)
    {
        var (status, description) = await RunAsync(new AdminOptions(), remote, "127.0.0.1");
        Assert.Equal(403, status);
        Assert.Contains("Granary__Admin__Key=", description, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Forwarded)]
    [InlineData("Forwarded")]
    [InlineData("X-Real-IP")]
    [InlineData("Via")]
    public async Task Protect_NoKeyThroughAProxyOnThisMachine_403NamesTheHeader(string header)
    {
        var (status, description) = await RunAsync(new AdminOptions(), "127.0.0.1", "127.0.0.1", (header, "127.0.0.1"));
        Assert.Equal(403, status);
        Assert.Contains(header, description, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("evil.example")]
    [InlineData("localhost.evil.example:3000")]
    [InlineData("127.0.0.1.evil.example")]
    [InlineData("")]
    public async Task Protect_NoKeyUnderAHostName_403AgainstRebinding(string host) =>
        Assert.Equal(403, (await RunAsync(new AdminOptions(), "127.0.0.1", host)).Status);

    [Fact]
    public async Task Protect_NoKeyUnderAnAllowedHostName_Passes() =>
        Assert.Equal(200, (await RunAsync(new AdminOptions { AllowedHosts = ["granary.local"] }, "127.0.0.1", "Granary.local:3000")).Status);

    [Theory]
    [InlineData("Origin", "http://evil.example")]
    [InlineData("Origin", "null")]
    [InlineData("Origin", "https://127.0.0.1:3000")]
    [InlineData("Origin", "http://127.0.0.1:3001")]
    [InlineData("Sec-Fetch-Site", "cross-site")]
    [InlineData("Sec-Fetch-Site", "same-site")]
    public async Task Protect_PageOfAnotherSite_403WithAndWithoutKey(string header, string value)
    {
        Assert.Equal(403, (await RunAsync(new AdminOptions(), "127.0.0.1", "127.0.0.1:3000", (header, value))).Status);
        Assert.Equal(403, (await RunAsync(new AdminOptions { Key = "k" }, "127.0.0.1", "127.0.0.1:3000", (header, value), ("Authorization", "Bearer k"))).Status);
    }

    [Theory]
    [InlineData("127.0.0.1:3000", "http://127.0.0.1:3000")]
    [InlineData("localhost", "http://localhost")]
    [InlineData("localhost:80", "http://localhost")]
    public async Task Protect_PageOfThisSite_Passes(string host, string origin) =>
        Assert.Equal(200, (await RunAsync(new AdminOptions(), "127.0.0.1", host, ("Origin", origin), ("Sec-Fetch-Site", "same-origin"))).Status);

    [Fact]
    public async Task Protect_KeyPresented_PassesFromAnywhere() =>
        Assert.Equal(200, (await RunAsync(new AdminOptions { Key = "k" }, "10.0.0.7", "granary.example", ("Authorization", "Bearer k"), (Forwarded, "1.2.3.4"))).Status);

    [Theory]
    [InlineData(null)]
    [InlineData("Bearer x")]
    [InlineData("k")]
    public async Task Protect_KeyNotPresented_401EvenFromThisMachine(string? authorization)
    {
        (string, string)[] headers = authorization is null ? [] : [("Authorization", authorization)];
        Assert.Equal(401, (await RunAsync(new AdminOptions { Key = "k" }, "127.0.0.1", "127.0.0.1", headers)).Status);
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData(null)]
    public async Task Protect_BodyThatIsNotJson_415(string? contentType)
    {
        (string, string)[] headers = contentType is null ? [("Content-Length", "2")] : [("Content-Length", "2"), ("Content-Type", contentType)];
        Assert.Equal(415, (await RunAsync(new AdminOptions(), "127.0.0.1", "127.0.0.1", headers)).Status);
    }

    [Theory]
    [InlineData("Content-Length", "2")]
    [InlineData("Transfer-Encoding", "chunked")]
    public async Task Protect_JsonBody_Passes(string header, string value) =>
        Assert.Equal(200, (await RunAsync(new AdminOptions(), "127.0.0.1", "127.0.0.1", (header, value), ("Content-Type", "application/json; charset=utf-8"))).Status);

    [Fact]
    public async Task Protect_ChunkedBodyWithoutType_415() =>
        Assert.Equal(415, (await RunAsync(new AdminOptions(), "127.0.0.1", "127.0.0.1", ("Transfer-Encoding", "chunked"))).Status);

    private static async Task<(int Status, string Description)> RunAsync(AdminOptions options, string? remote, string host, params (string Name, string Value)[] headers)
    {
        var context = new DefaultHttpContext();
        context.Request.Method = "POST";
        context.Request.Scheme = "http";
        context.Connection.RemoteIpAddress = remote is null ? null : IPAddress.Parse(remote);
        context.Response.Body = new MemoryStream();
        context.Request.Headers.Host = host;
        foreach (var (name, value) in headers)
            context.Request.Headers[name] = value;
        var reached = false;
        await new AdminGuard(AdminGuard.CreateAccess(options)).Protect(_ =>
        {
            reached = true;
            return Task.CompletedTask;
        })(context);
        Assert.Equal(context.Response.StatusCode == 200, reached);
        if (reached)
            return (200, "");
        context.Response.Body.Position = 0;
        using var body = await JsonDocument.ParseAsync(context.Response.Body);
        Assert.Equal(context.Response.StatusCode.ToString(), body.RootElement.GetProperty("code").GetString());
        return (context.Response.StatusCode, body.RootElement.GetProperty("description").GetString()!);
    }
}
