using System.Net;
using System.Net.Sockets;
using System.Text;
using Granary.Api.Hosting;
using Granary.Api.Tests.Grpc;
using Granary.Api.Tests.Grpc.Protos;
using Microsoft.Extensions.Configuration;

namespace Granary.Api.Tests.Hosting;

/// <summary>Which protocol is spoken where.</summary>
public class PortsTests
{
    private static readonly EchoMessage Hello = new() { Text = "hello" };

    [Fact]
    public async Task MainPort_ByDefault_SpeaksBothProtocols()
    {
        await using var server = await GrpcServer.StartAsync();

        Assert.Single(server.Urls);
        Assert.Equal((200, null), await ProbeAsync(server.Urls[0]));
        Assert.Equal(0, (await server.Client.CallAsync("Unary", Hello)).Status);
        // Everything else answers HTTP/2 too.
        using var request = new HttpRequestMessage(HttpMethod.Get, "/health/live") { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        using var response = await server.Client.SendAsync(request);
        Assert.Equal("""{"status":"live"}""", await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task FurtherPorts_OfOneUse_SpeakThatAlone()
    {
        await using var server = await GrpcServer.StartAsync("--http-port=0", "--grpc-port=0", "--metrics-port=0");

        Assert.Equal(4, server.Urls.Count);
        Assert.Equal((true, true), await SpeaksAsync(server.Urls[0]));
        Assert.Equal((true, false), await SpeaksAsync(server.Urls[1]));
        Assert.Equal((false, true), await SpeaksAsync(server.Urls[2]));
        Assert.Equal((true, false), await SpeaksAsync(server.Urls[3]));
    }

    [Fact]
    public async Task MetricsPort_OfItsOwn_AnswersMetricsAndProbesAlone()
    {
        await using var server = await GrpcServer.StartAsync("--metrics-port=0");
        using var client = new HttpClient { BaseAddress = server.Urls[1] };

        Assert.Contains("granary_build_info", await client.GetStringAsync("/metrics"));
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/health/ready")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await client.GetAsync("/service-resources")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await client.PostAsync("/service_output", null)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await client.GetAsync("/admin/models")).StatusCode);
    }

    [Fact]
    public async Task AllowGrpc_False_LeavesHttp11Alone()
    {
        await using var server = await GrpcServer.StartAsync("--grpc-port=0", "--allow-grpc=false");

        Assert.Single(server.Urls);
        Assert.Equal((true, false), await SpeaksAsync(server.Urls[0]));
        using var client = new HttpClient { BaseAddress = server.Urls[0] };
        Assert.Equal(HttpStatusCode.NotFound, (await client.PostAsync("/granary.test.Echo/Unary", null)).StatusCode);
    }

    [Theory]
    [InlineData(new string[0], new[] { "127.0.0.1:3000 Http, Grpc" })]
    [InlineData(new[] { "--http-port=8000", "--grpc-port=8001", "--metrics-port=8002" }, new[] { "127.0.0.1:3000 Http, Grpc", "127.0.0.1:8000 Http", "127.0.0.1:8001 Grpc", "127.0.0.1:8002 Metrics" })]
    [InlineData(new[] { "--http-port=8000", "--grpc-port=8000" }, new[] { "127.0.0.1:3000 Http, Grpc", "127.0.0.1:8000 Http, Grpc" })]
    [InlineData(new[] { "--http-port=3000", "--grpc-port=3000", "--metrics-port=3000" }, new[] { "127.0.0.1:3000 Http, Grpc, Metrics" })]
    [InlineData(new[] { "--bind=0.0.0.0:8080", "--bind=[::1]:9", "--grpc-port=9000" }, new[] { "0.0.0.0:8080 Http, Grpc", "[::1]:9 Http, Grpc", "0.0.0.0:9000 Grpc", "[::1]:9000 Grpc" })]
    [InlineData(new[] { "--bind=*:1", "--bind=*:2", "--http-port=8080", "--allow-http=true", "--allow-grpc=true" }, new[] { "*:1 Http, Grpc", "*:2 Http, Grpc", "*:8080 Http" })]
    [InlineData(new[] { "--http-port=8000", "--grpc-port=8001", "--allow-http=false", "--allow-grpc=FALSE" }, new[] { "127.0.0.1:3000 Http" })]
    [InlineData(new[] { "--http-port=0", "--grpc-port=0" }, new[] { "127.0.0.1:3000 Http, Grpc", "127.0.0.1:0 Http", "127.0.0.1:0 Grpc" })]
    public void ListenPorts_OfFlags_AreThose(string[] arguments, string[] ports)
    {
        var line = CommandLine.Parse(arguments);
        Assert.Empty(line.Errors);
        var options = new ServerOptions();
        new ConfigurationBuilder().AddInMemoryCollection(line.Configuration).Build().GetSection(ServerOptions.SectionName).Bind(options);

        Assert.Equal(ports, ListenPorts.Of(options).Select(port => $"{port.Address} {port.Use}"));
    }

    [Theory]
    [InlineData("--http-port=65536", "--http-port: '65536' is no port")]
    [InlineData("--grpc-port=-1", "--grpc-port: '-1' is no port")]
    [InlineData("--metrics-port=x", "--metrics-port: 'x' is no port")]
    [InlineData("--allow-grpc=maybe", "--allow-grpc: 'maybe' is no truth value; expected true or false")]
    public void Flags_Wrong_AreRefused(string argument, string error) => Assert.StartsWith(error, Assert.Single(CommandLine.Parse([argument]).Errors));

    [Theory]
    [InlineData("--grpc-port")]
    [InlineData("--http-port")]
    [InlineData("--metrics-port")]
    public async Task Start_PortTaken_NamesTheAddress(string flag)
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var port = ((IPEndPoint)other.LocalEndpoint).Port;

        var failure = await Assert.ThrowsAsync<IOException>(() => GrpcServer.StartAsync($"{flag}={port}"));

        Assert.Contains($"127.0.0.1:{port}", failure.Message);
        Assert.Contains("address already in use", failure.Message);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(1000)]
    public async Task SharedPort_RequestInPieces_IsRecognised(int piece)
    {
        await using var server = await GrpcServer.StartAsync();
        // Both begin with P, and one of them goes on with R.
        string[] requests = ["PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\u0004\0\0\0\0\0", "PROPFIND /none HTTP/1.1\r\nHost: x\r\n\r\n", "POST /none HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", "G"];
        string[] answers = ["\0\0", "HTTP/1.1 404", "HTTP/1.1 404", ""];
        for (var i = 0; i < requests.Length; i++)
        {
            using var client = new TcpClient { NoDelay = true };
            await client.ConnectAsync(server.Urls[0].Host, server.Urls[0].Port);
            var stream = client.GetStream();
            foreach (var part in Encoding.Latin1.GetBytes(requests[i]).Chunk(piece))
                await stream.WriteAsync(part);
            if (answers[i].Length == 0)
                client.Client.Shutdown(SocketShutdown.Send);
            var answer = new byte[Math.Max(1, answers[i].Length)];
            var length = await stream.ReadAtLeastAsync(answer, answers[i].Length, throwOnEndOfStream: false).AsTask().WaitAsync(TimeSpan.FromSeconds(30));
            if (answers[i].Length > 0)
                Assert.Equal(answers[i], Encoding.Latin1.GetString(answer, 0, length));
        }
    }

    [Fact]
    public async Task SharedPort_ConnectionThatSaysNothing_IsClosedInTheEnd()
    {
        await using var server = await GrpcServer.StartAsync("--Granary:Server:KeepAliveTimeout=00:00:00.200");
        using var client = new TcpClient();
        await client.ConnectAsync(server.Urls[0].Host, server.Urls[0].Port);

        Assert.Equal(0, await client.GetStream().ReadAsync(new byte[1]).AsTask().WaitAsync(TimeSpan.FromSeconds(30)));
        Assert.Equal((200, null), await ProbeAsync(server.Urls[0]));
    }

    private static async Task<(bool Http, bool Grpc)> SpeaksAsync(Uri url)
    {
        var (http1, _) = await ProbeAsync(url);
        using var client = new GrpcTestClient(url);
        try
        {
            return (http1 == 200, (await client.CallAsync("Unary", Hello)).Status == 0);
        }
        catch (HttpRequestException)
        {
            return (http1 == 200, false);
        }
    }

    private static async Task<(int Status, string? Error)> ProbeAsync(Uri url)
    {
        using var client = new HttpClient { BaseAddress = url };
        try
        {
            using var response = await client.GetAsync("/health/ready");
            return ((int)response.StatusCode, null);
        }
        catch (HttpRequestException exception)
        {
            return (0, exception.Message);
        }
    }
}
