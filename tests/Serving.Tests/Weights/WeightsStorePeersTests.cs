using Granary.Serving.Weights;

namespace Granary.Serving.Tests.Weights;

public sealed class WeightsStorePeersTests : IAsyncLifetime
{
    private const string Id = "huggingface/o/n:model.pt";
    private readonly StoreFixture _store = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _store.DisposeAsync().AsTask();

    [Fact]
    public async Task AcquireAsync_PeerHasTheFile_TheOriginIsAskedButGivesNothing()
    {
        var file = _store.Hub.Add("o/n/model.pt", 1_000_000);
        _store.Peers = new Peers(file.Sha256, file.Content);

        using var lease = await _store.AcquireAsync(Id);

        Assert.Equal(file.Content, await File.ReadAllBytesAsync(lease.Path));
        Assert.Equal(0, _store.Hub.Gets);
    }

    [Fact]
    public async Task AcquireAsync_HashDemandedAndPeerHasIt_NobodyElseIsAsked()
    {
        var file = _store.Hub.Add("o/n/model.pt", 1000);
        _store.Peers = new Peers(file.Sha256, file.Content);

        using var lease = await _store.AcquireAsync(Id, file.Sha256);

        Assert.Equal(file.Sha256, lease.Sha256);
        Assert.Equal(0, _store.Hub.Hub.Count("HEAD"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task AcquireAsync_PeerGivesOtherBytes_TheOriginServes(bool hashDemanded)
    {
        var file = _store.Hub.Add("o/n/model.pt", 1000);
        _store.Peers = new Peers(file.Sha256, new byte[1000]);

        using var lease = await _store.AcquireAsync(Id, hashDemanded ? file.Sha256 : null);

        Assert.Equal(file.Content, await File.ReadAllBytesAsync(lease.Path));
        Assert.True(_store.Hub.Gets > 0);
    }

    [Fact]
    public async Task AcquireAsync_PeerGoesAwayInTheMiddle_TheRestComesFromTheOrigin()
    {
        var file = _store.Hub.Add("o/n/model.pt", 1_000_000);
        _store.Peers = new Peers(file.Sha256, file.Content[..400_000]) { Once = true };

        using var lease = await _store.AcquireAsync(Id);

        Assert.Equal(file.Content, await File.ReadAllBytesAsync(lease.Path));
    }

    /// <summary>Another host that says it has one file.</summary>
    private sealed class Peers(string sha256, byte[] content) : IWeightsPeers
    {
        private int _opened;

        /// <summary>Gone after the first stream.</summary>
        public bool Once { get; init; }

        public bool Has(string wanted) => wanted == sha256;

        public Task<PeerContent?> OpenAsync(string wanted, long offset, CancellationToken cancellation)
        {
            if (wanted != sha256 || offset > content.Length || (Once && Interlocked.Increment(ref _opened) > 1))
                return Task.FromResult<PeerContent?>(null);
            return Task.FromResult<PeerContent?>(new PeerContent(new MemoryStream(content[(int)offset..]), Once ? 1_000_000 : content.Length));
        }
    }
}
