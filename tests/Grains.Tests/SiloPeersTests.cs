using Granary.Grains.Interfaces;
using Granary.Grains.Tests.Support;
using Granary.Serving.Weights;
using Microsoft.Extensions.DependencyInjection;
using Orleans.TestingHost;

namespace Granary.Grains.Tests;

public sealed class SiloPeersTests(ClusterFixture fixture) : IClassFixture<ClusterFixture>
{
    private InProcessSiloHandle Holder => fixture.Cluster.Silos.Cast<InProcessSiloHandle>().Single(silo => silo.Name.EndsWith('1'));

    private InProcessSiloHandle Other => fixture.Cluster.Silos.Cast<InProcessSiloHandle>().Single(silo => !silo.Name.EndsWith('1'));

    [Theory]
    [InlineData(0)]
    [InlineData(5_000_000)]
    [InlineData((9 << 20) + 17)]
    public async Task OpenAsync_FileOfAnotherSilo_GivesItFromTheOffset(int offset)
    {
        var peers = Other.SiloHost.Services.GetRequiredService<IWeightsPeers>();
        await ClusterFixture.UntilAsync(() => peers.Has(OneFile.Sha256), "the board shows the file");

        var content = (await peers.OpenAsync(OneFile.Sha256, offset, CancellationToken.None))!;
        using var copy = new MemoryStream();
        await using (content.Content)
            await content.Content.CopyToAsync(copy);

        Assert.Equal(OneFile.Content.Length, content.Length);
        Assert.True(OneFile.Content.AsSpan(offset).SequenceEqual(copy.ToArray()));
    }

    [Fact]
    public async Task Has_OwnOrUnknownFile_IsFalse()
    {
        var other = Other.SiloHost.Services.GetRequiredService<IWeightsPeers>();
        await ClusterFixture.UntilAsync(() => other.Has(OneFile.Sha256), "the board shows the file");

        Assert.False(Holder.SiloHost.Services.GetRequiredService<IWeightsPeers>().Has(OneFile.Sha256));
        Assert.False(other.Has(new string('0', 64)));
        Assert.Null(await other.OpenAsync(new string('0', 64), 0, CancellationToken.None));
    }

    [Theory]
    [InlineData("../../etc/passwd", 0)]
    [InlineData("ABCDEF", 0)]
    [InlineData(null, -1)]
    public async Task ReadAsync_NameThatIsNoHash_IsRefused(string? name, long offset)
    {
        var grain = fixture.Cluster.GrainFactory.GetGrain<ISiloWeightsGrain>(Holder.SiloAddress.ToParsableString());

        var error = await Assert.ThrowsAsync<ServingException>(() => grain.ReadAsync(name ?? OneFile.Sha256, offset, 10));

        Assert.Equal(ServingError.InvalidArgument, error.Error);
    }
}
