using Granary.Grains.Interfaces.Catalog;
using Granary.Grains.Tests.Support;
using Granary.Serving.Models;

namespace Granary.Grains.Tests;

public sealed class CatalogGrainTests(ClusterFixture fixture) : IClassFixture<ClusterFixture>
{
    [Fact]
    public async Task Register_ThenDeactivate_IsReadBackFromStorage()
    {
        var full = ClusterFixture.Define("kept") with
        {
            Inputs = [new TensorSpec("x", Torch.DType.Float64, [-1, 8])],
            Batching = new BatchingOptions { MaxBatchSize = 8, MaxQueueDelay = TimeSpan.FromMilliseconds(2) },
            IdleTimeout = Timeout.InfiniteTimeSpan,
            MemoryBytes = 5,
        };
        await fixture.Catalog.RegisterAsync(full);

        await fixture.Cluster.GrainFactory.GetGrain<IManagementGrain>(0).ForceActivationCollection(TimeSpan.Zero);
        var stranger = new OrleansModelCatalog(fixture.Cluster.GrainFactory);

        Assert.True((await stranger.FindAsync(full.Name))!.Default.SameContent(full));
    }

    [Fact]
    public async Task Register_FromManyClientsAtOnce_LosesNone()
    {
        var definitions = Enumerable.Range(0, 100).Select(_ => ClusterFixture.Define("many")).ToList();
        await Task.WhenAll(definitions.Select(definition => new OrleansModelCatalog(fixture.Cluster.GrainFactory).RegisterAsync(definition).AsTask()));

        var names = (await fixture.Catalog.ListAsync()).Select(model => model.Name).ToHashSet();

        Assert.All(definitions, definition => Assert.Contains(definition.Name, names));
    }

    [Fact]
    public async Task Register_SameVersionOtherContent_IsRefusedWithTheReason()
    {
        var definition = await fixture.RegisterAsync(ClusterFixture.Define("twice"));

        await fixture.Catalog.RegisterAsync(definition);
        var error = await Assert.ThrowsAsync<ServingException>(() => fixture.Catalog.RegisterAsync(definition with { Pinned = true }).AsTask());

        Assert.Equal(ServingError.AlreadyExists, error.Error);
        Assert.Contains(definition.Name, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SetDefaultScaleDelete_OfVersions_AreSeenByOtherClients()
    {
        var first = await fixture.RegisterAsync(ClusterFixture.Define("versions"));
        var second = first with { Version = "2" };
        await fixture.Catalog.RegisterAsync(second);
        var stranger = new OrleansModelCatalog(fixture.Cluster.GrainFactory);

        await fixture.Catalog.SetDefaultAsync(second.Key);
        Assert.Equal(4, (await fixture.Catalog.ScaleAsync(second.Key, 4)).Instances);
        var seen = (await stranger.FindAsync(first.Name))!;
        Assert.Equal("2", seen.DefaultVersion);
        Assert.Equal(4, seen.Default.Instances);

        Assert.True(await fixture.Catalog.DeleteAsync(second.Key));
        Assert.False(await fixture.Catalog.DeleteAsync(second.Key));
        await stranger.RefreshAsync();
        Assert.Equal("1", (await stranger.FindAsync(first.Name))!.DefaultVersion);
        await Assert.ThrowsAsync<ServingException>(() => fixture.Catalog.SetDefaultAsync(second.Key).AsTask());
    }
}
