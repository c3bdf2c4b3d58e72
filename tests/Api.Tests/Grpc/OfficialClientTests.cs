
namespace Granary.Api.Tests.Grpc;

/// <summary>The official JavaScript client against the real server; what is checked stands in tests/node/grpc/client.js.</summary>
public class OfficialClientTests
{
    [Theory]
    [InlineData("unary")]
    [InlineData("streams")]
    [InlineData("metadata")]
    [InlineData("errors")]
    [InlineData("deadlines")]
    [InlineData("cancel")]
    [InlineData("compression")]
    [InlineData("large")]
    [InlineData("health")]
    [InlineData("reflection")]
    public async Task GrpcJs_EveryCase_IsAnsweredAsItMustBe(string name)
    {
        await using var server = await GrpcServer.StartAsync();

        Assert.Equal($"ok {name}\n", await NodeClient.RunAsync("grpc/client.js", server.Urls[0].Authority, NodeClient.Repository, name));

        Assert.Equal(0, server.Echo.Unreleased);
        Assert.Equal(name == "errors" ? ["The gRPC call /granary.test.Echo/Unary failed unexpectedly InvalidOperationException"] : [], server.Errors);
    }

    [Fact]
    public async Task GrpcJs_CancelsACall_CancelsItsHandler()
    {
        await using var server = await GrpcServer.StartAsync();

        await NodeClient.RunAsync("grpc/client.js", server.Urls[0].Authority, NodeClient.Repository, "cancel");

        foreach (var wanted in new[] { "Repeat waits", "Repeat cancelled" })
            Assert.Equal(wanted, await server.Echo.Events.Reader.ReadAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(30)));
    }
}
