using Granary.Grains.Tests.Support;

namespace Granary.Grains.Tests;

public sealed class PlacementTests(GpuClusterFixture fixture) : IClassFixture<GpuClusterFixture>
{
    [Fact]
    public async Task GpuModel_InTwoHundredPlacements_NeverOnACpuSilo()
    {
        var gpuSilo = fixture.Board.Silos.Single(silo => silo.Accelerator == "cuda").Silo;

        for (var i = 0; i < 200; i++)
        {
            var model = await fixture.RegisterAsync(ClusterFixture.Define("gpu") with { Device = "cuda:0" });
            Assert.Equal(gpuSilo, (await fixture.Models.LoadAsync(model.Key)).Silo);
        }
    }

    [Fact]
    public async Task CpuModel_WhileCpuSilosHaveRoom_LeavesTheGpuSiloFree()
    {
        var gpuSilo = fixture.Board.Silos.Single(silo => silo.Accelerator == "cuda").Silo;

        for (var i = 0; i < 30; i++)
        {
            var model = await fixture.RegisterAsync(ClusterFixture.Define("cpu"));
            Assert.NotEqual(gpuSilo, (await fixture.Models.LoadAsync(model.Key)).Silo);
        }
    }

    [Fact]
    public async Task GpuModel_LargerThanAnyGpu_IsUnavailableWithTheSizes()
    {
        var model = await fixture.RegisterAsync(ClusterFixture.Define("huge") with { Device = "cuda:0", MemoryBytes = 17L << 30 });

        var error = await Assert.ThrowsAsync<ServingException>(() => fixture.InferAsync(model.Key, [1]));

        Assert.Equal(ServingError.Unavailable, error.Error);
        Assert.Contains("18,253,611,008", error.Message, StringComparison.Ordinal);
        Assert.Contains("17,179,869,184", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Scale_ToThreeInstances_PutsOneReplicaOnEachSiloAndBackToOne()
    {
        var model = await fixture.RegisterAsync(ClusterFixture.Define("scaled"));
        await fixture.InferAsync(model.Key, [1]);

        await fixture.Catalog.ScaleAsync(model.Key, 3);
        var status = await fixture.Models.ScaleAsync(model.Key, 3);

        Assert.Equal(3, status.Silo!.Split(' ').Distinct().Count());
        Assert.Equal(3, ModelLog.Of(model.Name).Live);
        await Task.WhenAll(Enumerable.Range(0, 60).Select(i => fixture.InferAsync(model.Key, [i])));
        await ClusterFixture.UntilAsync(() => fixture.Board.Silos.Sum(silo => silo.Models.Count(one => one.GrainKey.StartsWith(model.Name, StringComparison.Ordinal))) == 3, "the board shows three replicas");
        Assert.Equal(61, (await fixture.Models.GetStatusAsync(model.Key)).Statistics.Succeeded);

        await fixture.Catalog.ScaleAsync(model.Key, 1);
        await fixture.Models.ScaleAsync(model.Key, 1);
        await ClusterFixture.UntilAsync(() => ModelLog.Of(model.Name).Live == 1, "two replicas left");
        Assert.Equal([2], await fixture.InferAsync(model.Key, [1]));
    }
}

public sealed class NoGpuTests(ClusterFixture fixture) : IClassFixture<ClusterFixture>
{
    [Fact]
    public async Task GpuModel_WithoutAGpuSilo_IsUnavailableAndSaysWhatIsMissing()
    {
        var model = await fixture.RegisterAsync(ClusterFixture.Define("gpu") with { Device = "cuda:0" });

        for (var i = 0; i < 20; i++)
        {
            var error = await Assert.ThrowsAsync<ServingException>(() => fixture.InferAsync(model.Key, [1]));
            Assert.Equal(ServingError.Unavailable, error.Error);
            Assert.Contains("needs a GPU", error.Message, StringComparison.Ordinal);
            Assert.Contains("none of the 2 silos", error.Message, StringComparison.Ordinal);
        }

        Assert.Equal(0, ModelLog.Of(model.Name).Loads);
    }

    [Fact]
    public async Task AutoModel_WithoutAGpuSilo_RunsOnTheCpu()
    {
        var model = await fixture.RegisterAsync(ClusterFixture.Define("auto") with { Device = "auto" });

        Assert.Equal("cpu", (await fixture.Models.LoadAsync(model.Key)).Device);
    }
}
