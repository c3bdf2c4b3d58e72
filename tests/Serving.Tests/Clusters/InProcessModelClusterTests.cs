using Granary.Serving.Clusters;
using Granary.Serving.Models;
using Granary.Serving.Tests.Activations;
using Granary.Torch;

namespace Granary.Serving.Tests.Clusters;

public sealed class InProcessModelClusterTests
{
    private static readonly ModelKey Key = TestBed.Definition.Key;

    private static ModelKey AdHoc(string name) => ModelKey.AdHoc(new ModelId(ModelSourceKind.HuggingFace, name, null, "model.pt"));

    [Fact]
    public async Task InferAsync_RegisteredModel_Answers()
    {
        await using var bed = new ClusterBed();
        await bed.Catalog.RegisterAsync(TestBed.Definition);

        Assert.Equal(new double[] { 6, 6 }, await bed.InferAsync(Key, 3));
        Assert.Equal(Key, Assert.Single(await bed.Cluster.ListAsync()).Key);
    }

    [Fact]
    public async Task InferAsync_UnknownKey_NotFound()
    {
        await using var bed = new ClusterBed();
        await bed.Catalog.RegisterAsync(TestBed.Definition);

        var error = await Assert.ThrowsAsync<ServingException>(() => bed.InferAsync(new ModelKey("m", "2"), 1));

        Assert.Equal(ServingError.NotFound, error.Error);
        Assert.Equal("model 'm' version '2' is not registered", error.Message);
        Assert.Equal(0, bed.Loader.Loads);
    }

    [Fact]
    public async Task InferAsync_ReadyModel_AllocatesNoTaskAndCompletesAtOnce()
    {
        await using var bed = new ClusterBed();
        await bed.Catalog.RegisterAsync(TestBed.Definition);
        await bed.Cluster.LoadAsync(Key);

        var call = bed.Cluster.InferAsync(Key, TestBed.Request(1, 1));

        Assert.True(call.IsCompletedSuccessfully);
        (await call).Dispose();
    }

    [Fact]
    public async Task InferAsync_DeletedVersion_NotFoundAndUnloaded()
    {
        await using var bed = new ClusterBed();
        await bed.Catalog.RegisterAsync(TestBed.Definition);
        await bed.InferAsync(Key, 1);

        await bed.Catalog.DeleteAsync(Key);

        var error = await Assert.ThrowsAsync<ServingException>(() => bed.InferAsync(Key, 1));
        Assert.Equal(ServingError.NotFound, error.Error);
        await TestBed.UntilAsync(() => bed.Loader.Modules.Single().IsDisposed);
        Assert.Empty(await bed.Cluster.ListAsync());
        Assert.Empty(bed.Metrics.Snapshot());
    }

    [Fact]
    public async Task ScaleAsync_LoadedModel_IsNotLoadedAgain()
    {
        await using var bed = new ClusterBed();
        await bed.Catalog.RegisterAsync(TestBed.Definition);
        await bed.InferAsync(Key, 1);

        await bed.Catalog.ScaleAsync(Key, 3);
        var status = await bed.Cluster.ScaleAsync(Key, 3);
        await bed.InferAsync(Key, 1);

        Assert.Equal(ModelState.Ready, status.State);
        Assert.Equal(1, bed.Loader.Loads);
    }

    [Fact]
    public async Task InferAsync_ChangedDefinition_LoadsTheNewOne()
    {
        await using var bed = new ClusterBed();
        await bed.Catalog.RegisterAsync(TestBed.Definition);
        await bed.InferAsync(Key, 1);

        await bed.Catalog.RegisterAsync(TestBed.Definition with { MaxQueueSize = 2 });
        Assert.Equal(new double[] { 2, 2 }, await bed.InferAsync(Key, 1));

        Assert.Equal(2, bed.Loader.Loads);
        await TestBed.UntilAsync(() => bed.Loader.Modules.First().IsDisposed);
    }

    [Fact]
    public async Task InferAsync_OtherVersionRegistered_KeepsTheLoadedOne()
    {
        await using var bed = new ClusterBed();
        await bed.Catalog.RegisterAsync(TestBed.Definition);
        await bed.InferAsync(Key, 1);

        await bed.Catalog.RegisterAsync(TestBed.Definition with { Version = "2" });
        // As a catalog that was read anew from disk: equal content, other objects.
        await bed.Catalog.RegisterAsync(TestBed.Definition with { Inputs = TestBed.Definition.Inputs.Select(input => input with { Shape = input.Shape.ToArray() }).ToArray() });
        await bed.InferAsync(Key, 1);

        Assert.Equal(1, bed.Loader.Loads);
    }

    [Fact]
    public async Task Tick_DeletedVersion_IsDrainedWithoutACall()
    {
        await using var bed = new ClusterBed();
        await bed.Catalog.RegisterAsync(TestBed.Definition);
        await bed.InferAsync(Key, 1);
        await bed.Catalog.DeleteAsync(Key);

        await bed.Reaper.TickAsync();

        await TestBed.UntilAsync(() => bed.Loader.Modules.Single().IsDisposed);
    }

    [Fact]
    public async Task Timer_IdleModel_IsUnloadedAndComesBack()
    {
        await using var bed = new ClusterBed();
        await bed.Catalog.RegisterAsync(TestBed.Definition with { IdleTimeout = TimeSpan.FromMinutes(2) });
        await bed.Catalog.RegisterAsync(TestBed.Definition with { Version = "2", IdleTimeout = TimeSpan.FromMinutes(2) });
        await bed.Reaper.StartAsync(default);
        await bed.InferAsync(Key, 1);
        await bed.InferAsync(new ModelKey("m", "2"), 1);
        await bed.Cluster.PinAsync(Key, true);

        bed.Clock.Advance(TimeSpan.FromMinutes(2));

        await TestBed.UntilAsync(() => bed.Loader.Modules.Last().IsDisposed);
        Assert.Equal(["m/1"], (await bed.Cluster.ListAsync()).Select(status => status.Key.ToString()));
        Assert.Equal(new double[] { 4, 4 }, await bed.InferAsync(new ModelKey("m", "2"), 2));
        Assert.Equal(3, bed.Loader.Loads);
        await bed.Reaper.StopAsync(default);
    }

    [Fact]
    public async Task UnloadAsync_States_SaysWhetherItWasLoaded()
    {
        await using var bed = new ClusterBed();
        await bed.Catalog.RegisterAsync(TestBed.Definition);

        Assert.False(await bed.Cluster.UnloadAsync(Key));
        await bed.Cluster.LoadAsync(Key);
        Assert.True(await bed.Cluster.UnloadAsync(Key));
        Assert.False(await bed.Cluster.UnloadAsync(Key));

        Assert.Equal(ModelState.Unloaded, (await bed.Cluster.GetStatusAsync(Key)).State);
        Assert.Equal(1, (await bed.Cluster.GetStatusAsync(Key)).Statistics.Loads);
    }

    [Fact]
    public async Task LoadAsync_DuringBackoff_TriesAgain()
    {
        var fails = true;
        await using var bed = new ClusterBed(new FakeLoader(_ => fails ? throw new ServingException(ServingError.SourceFailed, "no") : new FakeModule()));
        await bed.Catalog.RegisterAsync(TestBed.Definition);
        await Assert.ThrowsAsync<ServingException>(() => bed.InferAsync(Key, 1));
        Assert.Equal(ModelState.Failed, Assert.Single(await bed.Cluster.ListAsync()).State);
        fails = false;

        Assert.Equal(ModelState.Ready, (await bed.Cluster.LoadAsync(Key)).State);
    }

    [Fact]
    public async Task StopAsync_RunningCall_WaitsThenRefuses()
    {
        using var entered = new ManualResetEventSlim();
        using var release = new ManualResetEventSlim();
        await using var bed = new ClusterBed(
            new FakeLoader(_ => new FakeModule((_, arguments) =>
            {
                if (((Tensor)arguments[0].Value).As<double>()[0] == 7)
                {
                    entered.Set();
                    release.Wait();
                }

                return FakeModule.Double(arguments);
            })),
            options => options.InlineBelow = TimeSpan.Zero);
        await bed.Catalog.RegisterAsync(TestBed.Definition);
        await bed.Reaper.StartAsync(default);
        var running = bed.InferAsync(Key, 7);
        entered.Wait();

        var stop = bed.Reaper.StopAsync(default);
        Assert.False(stop.IsCompleted);
        release.Set();
        await stop;

        Assert.Equal(new double[] { 14, 14 }, await running);
        Assert.True(bed.Loader.Modules.Single().IsDisposed);
        var error = await Assert.ThrowsAsync<ServingException>(() => bed.InferAsync(Key, 1));
        Assert.Equal((ServingError.Unavailable, "the server is shutting down"), (error.Error, error.Message));
    }

    [Fact]
    public async Task InferAsync_AdHocKey_AsksThePolicyOnceAndAnswers()
    {
        await using var bed = new ClusterBed();
        var key = AdHoc("good/model");

        Assert.Equal(new double[] { 2, 2 }, await bed.InferAsync(key, 1));
        Assert.Equal(new double[] { 4, 4 }, await bed.InferAsync(key, 2));

        Assert.Equal("good/model", Assert.Single(bed.Policy.Asked).Repository);
        Assert.Equal(1, bed.Loader.Loads);
    }

    [Fact]
    public async Task InferAsync_AdHocKeyNotAllowed_PermissionDeniedAndNothingKept()
    {
        await using var bed = new ClusterBed();

        var error = await Assert.ThrowsAsync<ServingException>(() => bed.InferAsync(AdHoc("evil/model"), 1));

        Assert.Equal(ServingError.PermissionDenied, error.Error);
        Assert.Empty(bed.Metrics.Snapshot());
        Assert.Equal(0, bed.Loader.Loads);
    }

    [Fact]
    public async Task InferAsync_FloodOfFailingAdHocKeys_MemoryIsBounded()
    {
        await using var bed = new ClusterBed(
            new FakeLoader(definition => definition.Name.Contains("flood", StringComparison.Ordinal) ? throw new ServingException(ServingError.NotFound, "no such repository") : new FakeModule()),
            options => options.MaxRememberedModels = 20);
        await bed.InferAsync(AdHoc("good/model"), 1);

        for (var i = 0; i < 300; i++)
        {
            var error = await Assert.ThrowsAsync<ServingException>(() => bed.InferAsync(AdHoc($"flood/{i}"), 1));
            Assert.Equal(ServingError.NotFound, error.Error);
            bed.Clock.Advance(TimeSpan.FromMilliseconds(1));
        }

        // What never gave a model leaves no series behind.
        Assert.Equal(AdHoc("good/model"), Assert.Single(bed.Metrics.Snapshot()).Key);
        Assert.InRange((await bed.Cluster.ListAsync()).Count, 2, 20);
        Assert.Equal(ModelState.Ready, (await bed.Cluster.GetStatusAsync(AdHoc("good/model"))).State);
    }

    [Fact]
    public async Task InferUnloadAndChange_RandomMixes_NothingLostNothingMisused()
    {
        await using var bed = new ClusterBed();
        for (var version = 1; version <= 3; version++)
            await bed.Catalog.RegisterAsync(TestBed.Definition with { Version = $"{version}" });

        await Task.WhenAll(Enumerable.Range(0, 8).Select(seed => Task.Run(async () =>
        {
            var random = new Random(seed);
            for (var i = 0; i < 1000; i++)
            {
                var key = new ModelKey("m", $"{random.Next(1, 4)}");
                var dice = random.Next(40);
                if (dice == 0)
                    await bed.Cluster.UnloadAsync(key);
                else if (dice == 1)
                    await bed.Catalog.RegisterAsync(TestBed.Definition with { Version = key.Version, MaxQueueSize = 1000 + random.Next(3) });
                else if (dice == 2)
                    await bed.Reaper.TickAsync();
                else
                    Assert.Equal(new double[] { 2.0 * i, 2.0 * i }, await bed.InferAsync(key, i));
            }
        })));

        await bed.Reaper.StopAsync(default);
        await TestBed.UntilAsync(() => bed.Loader.Modules.All(module => module.IsDisposed));
        Assert.True(bed.Loader.Modules.Count > 3);
        Assert.All(bed.Loader.Modules, module => Assert.True(!module.WasMisused && module.LiveResults == 0));
    }
}
