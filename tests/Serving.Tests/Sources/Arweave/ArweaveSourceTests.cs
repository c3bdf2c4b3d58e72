
namespace Granary.Serving.Tests.Sources.Arweave;

[Collection(nameof(Weave))]
public sealed class ArweaveSourceTests(Weave weave) : IAsyncDisposable
{
    private readonly ArweaveFixture _arweave = new(weave);

    public ValueTask DisposeAsync() => _arweave.DisposeAsync();

    [Theory]
    [InlineData("sizes/1:tiny.pt", "tiny")]
    [InlineData("sizes/1:exact.pt", "exact")]
    [InlineData("sizes/1:halved.pt", "halved")]
    [InlineData("sizes/1:uneven.pt", "uneven")]
    [InlineData("sizes:medium.pt", "medium")]
    [InlineData("sizes/1:salt32.pt", "salt32")]
    [InlineData("sizes/1:salt0.pt", "salt0")]
    [InlineData("sizes/1:denominated.pt", "denominated")]
    [InlineData("sizes:untagged.pt", "untagged")]
    [InlineData("ancient:model.pt", "format1")]
    [InlineData("packed:weights.pt", "target")]
    [InlineData("packed/2.0:weights.pt", "target")]
    [InlineData("bundled:item.pt", "item")]
    [InlineData("bundled:inner.pt", "item-inner")]
    [InlineData("iris:model.pt", "small")]
    [InlineData("iris/0.9.0:model.pt", "older")]
    public async Task AcquireAsync_SignedByTheOwner_IsStored(string rest, string name)
    {
        Assert.Equal(weave[name].Data, await _arweave.FetchAsync($"arweave/{weave.Alice}/{rest}"));
        Assert.Equal(weave[name].Sha256, Assert.Single(_arweave.Blobs));
        Assert.DoesNotContain(_arweave.GatewayLog.Lines, static line => line.StartsWith("Warning", StringComparison.Ordinal));
    }
}
