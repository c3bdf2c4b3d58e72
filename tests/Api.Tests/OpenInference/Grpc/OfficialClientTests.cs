using Granary.Api.Tests.Grpc;

namespace Granary.Api.Tests.OpenInference.Grpc;

/// <summary>The official JavaScript client against the inference service; what is checked stands in tests/node/grpc/inference.js.</summary>
public sealed class OfficialClientTests(V2Bed bed) : IClassFixture<V2Bed>
{
    [Fact]
    public async Task GrpcJs_EveryKindOfCall_IsAnsweredAsItMustBe() =>
        Assert.Equal("ok\n", await NodeClient.RunAsync("grpc/inference.js", bed.Client.BaseAddress!.Authority, NodeClient.Repository));
}
