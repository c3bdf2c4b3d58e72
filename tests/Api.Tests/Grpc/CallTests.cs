using Granary.Api.Tests.Grpc.Protos;

namespace Granary.Api.Tests.Grpc;

/// <summary>Deadlines, metadata, bearer tokens and the end of the server, without a client's own help.</summary>
public class CallTests
{
    private static readonly EchoMessage Hello = new() { Text = "hello" };

    [Theory]
    [InlineData("50m", "50 ms")]
    [InlineData("20000u", "20 ms")]
    [InlineData("1n", "0 ms")]
    [InlineData("0S", "0 ms")]
    public async Task Deadline_Passes_TheServerSaysSo(string timeout, string part)
    {
        await using var server = await GrpcServer.StartAsync();

        var answer = await server.Client.CallAsync("Unary", new EchoMessage { Wait = true }, ("grpc-timeout", timeout));

        Assert.Equal((200, 4), (answer.Http, answer.Status));
        Assert.Contains($"The deadline of {part} passed", answer.Message);
    }

    [Fact]
    public async Task Deadline_PassesWhileARequestIsAwaited_TheServerSaysSo()
    {
        await using var server = await GrpcServer.StartAsync();
        var content = new PieceContent();

        using var response = await server.Client.SendAsync(GrpcTestClient.Request("/granary.test.Echo/Chat", content, ("grpc-timeout", "100m")));

        Assert.Equal(4, (await GrpcAnswer.ReadAsync(response)).Status);
        content.Complete();
    }

    [Theory]
    [InlineData("")]
    [InlineData("5")]
    [InlineData("m")]
    [InlineData("-5m")]
    [InlineData("5 m")]
    [InlineData("123456789m")]
    [InlineData("5d")]
    public async Task Deadline_Unreadable_IsInvalidArgument(string timeout)
    {
        await using var server = await GrpcServer.StartAsync();

        var answer = await server.Client.CallAsync("Unary", Hello, ("grpc-timeout", timeout));

        Assert.Equal(3, answer.Status);
        Assert.Contains("one to eight digits", answer.Message);
    }

    [Theory]
    [InlineData("99999999H", "40.00:00:00")]
    [InlineData("2M", "00:02:00")]
    public async Task Deadline_FarAway_IsTold(string timeout, string told)
    {
        await using var server = await GrpcServer.StartAsync();

        Assert.Equal(told, (await server.Client.CallAsync("Metadata", Hello, ("grpc-timeout", timeout))).Echo.Metadata["timeout"]);
    }

    [Theory]
    [InlineData("AQL6+/w", "0102FAFBFC")]
    [InlineData("AQL6+/w=", "0102FAFBFC")]
    [InlineData("AQL6+/w=,AAAA", "0102FAFBFC")]
    [InlineData("", "")]
    public async Task BinaryMetadata_PaddedOrNot_IsRead(string sent, string hex)
    {
        await using var server = await GrpcServer.StartAsync();

        Assert.Equal(hex, (await server.Client.CallAsync("Metadata", Hello, ("x-bytes-bin", sent))).Echo.Metadata["x-bytes-bin"]);
    }

    [Theory]
    [InlineData("***")]
    [InlineData("A")]
    public async Task BinaryMetadata_NoBase64_IsInvalidArgument(string sent)
    {
        await using var server = await GrpcServer.StartAsync();

        var answer = await server.Client.CallAsync("Metadata", Hello, ("x-bytes-bin", sent));

        Assert.Equal((3, "The metadata x-bytes-bin is no base64"), (answer.Status, answer.Message));
    }

    [Fact]
    public async Task Error_WithRetryAfter_TellsWhenToTryAgain()
    {
        await using var server = await GrpcServer.StartAsync();

        var answer = await server.Client.CallAsync("Unary", new EchoMessage { Fail = "Overloaded", Text = "full", Count = 1500 });

        Assert.Equal((14, "full"), (answer.Status, answer.Message));
        Assert.Equal(["1500"], answer.Headers.GetValues("grpc-retry-pushback-ms"));
    }

    [Fact]
    public async Task Bearer_WhenSet_GuardsServicesButNotHealth()
    {
        await using var server = await GrpcServer.StartAsync("--bearer=secret");

        Assert.Equal(16, (await server.Client.CallAsync("Unary", Hello)).Status);
        Assert.Equal(16, (await server.Client.CallAsync("Unary", Hello, ("authorization", "Bearer wrong"))).Status);
        Assert.Equal(0, (await server.Client.CallAsync("Unary", Hello, ("authorization", "Bearer secret"))).Status);
        using var health = await server.Client.SendAsync(GrpcTestClient.Request("/grpc.health.v1.Health/Check", new ByteArrayContent(new byte[5])));
        Assert.Equal(0, (await GrpcAnswer.ReadAsync(health)).Status);
    }

    [Fact]
    public async Task Cancel_OfAStreamThatWaits_LeavesTheConnectionWell()
    {
        await using var server = await GrpcServer.StartAsync();
        using var cancel = new CancellationTokenSource();
        var content = new PieceContent();
        var call = server.Client.SendAsync(GrpcTestClient.Request("/granary.test.Echo/Chat", content), true, cancel.Token);
        Assert.Equal("Chat starts", await server.Echo.Events.Reader.ReadAsync());

        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        Assert.Equal(0, (await server.Client.CallAsync("Unary", Hello)).Status);
        content.Complete();
    }

    [Fact]
    public async Task Stop_WithOpenStreams_EndsThemAtOnce()
    {
        await using var server = await GrpcServer.StartAsync("--Granary:Server:ShutdownTimeout=00:10:00");
        var content = new PieceContent();
        var chat = server.Client.SendAsync(GrpcTestClient.Request("/granary.test.Echo/Chat", content));
        Assert.Equal("Chat starts", await server.Echo.Events.Reader.ReadAsync());
        using var watch = await server.Client.SendAsync(GrpcTestClient.Request("/grpc.health.v1.Health/Watch", new ByteArrayContent(new byte[5])), whole: false);
        using var silent = new System.Net.Sockets.TcpClient(server.Urls[0].Host, server.Urls[0].Port);

        await server.App.StopAsync().WaitAsync(TimeSpan.FromMinutes(1));

        // Its request is whole, so its status cannot get lost.
        var watched = await GrpcAnswer.ReadAsync(watch);
        Assert.Equal((14, "The server is shutting down"), (watched.Status, watched.Message));
        try
        {
            using var response = await chat;
            var answer = await GrpcAnswer.ReadAsync(response);
            Assert.Equal((14, "The server is shutting down"), (answer.Status, answer.Message));
        }
        catch (HttpRequestException exception) when (exception.InnerException is HttpProtocolException { ErrorCode: 0 })
        {
            // .NET's client drops an answer that it has not handed out yet when the connection ends, without an error, before its request did.
        }

        content.Complete();
    }
}
