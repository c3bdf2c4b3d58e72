using Granary.Serving.Activations;
using Granary.Serving.Clusters;
using Granary.Torch;

namespace Granary.Serving.Tests.Activations;

public sealed class ResidencyBudgetTests
{
    private static ModelActivation[] Activate(TestBed bed, int count) =>
        Enumerable.Range(1, count).Select(i => bed.Activate(TestBed.Definition with { Version = $"{i}" })).ToArray();

    private static async Task UseAsync(TestBed bed, ModelActivation activation)
    {
        bed.Clock.Advance(TimeSpan.FromSeconds(1));
        (await activation.InferAsync(TestBed.Request(1, 1))).Dispose();
    }

    private static string States(IEnumerable<ModelActivation> activations) =>
        string.Concat(activations.Select(activation => activation.Status.State.ToString()[0]));

    [Fact]
    public async Task Load_BudgetForTwoOfThree_LeastRecentlyUsedLeaves()
    {
        using var bed = new TestBed(memory: new ModelMemoryOptions { MaxResidentBytes = 299 });
        var models = Activate(bed, 3);
        await UseAsync(bed, models[0]);
        await UseAsync(bed, models[1]);
        await UseAsync(bed, models[0]);

        await UseAsync(bed, models[2]);
        Assert.Equal("RUR", States(models));
        await UseAsync(bed, models[1]);

        Assert.Equal("URR", States(models));
        Assert.Equal(200, bed.Host.ResidentBytes);
        Assert.Equal(2, bed.Loader.Modules.Count(module => module.IsDisposed));
    }

    [Fact]
    public async Task Load_PlacesForTwoOfThree_LeastRecentlyUsedLeaves()
    {
        using var bed = new TestBed(memory: new ModelMemoryOptions { MaxResidentBytes = 0, MaxResidentModels = 2 });
        var models = Activate(bed, 3);
        foreach (var model in models)
            await UseAsync(bed, model);

        Assert.Equal("URR", States(models));
    }

    [Fact]
    public async Task Load_OldestIsPinned_NextOldestLeaves()
    {
        using var bed = new TestBed(memory: new ModelMemoryOptions { MaxResidentBytes = 250 });
        var models = Activate(bed, 3);
        models[0].IsPinned = true;
        foreach (var model in models)
            await UseAsync(bed, model);

        Assert.Equal("RUR", States(models));
    }

    [Fact]
    public async Task Load_AllPinned_OverloadedWithSizes()
    {
        using var bed = new TestBed(memory: new ModelMemoryOptions { MaxResidentBytes = 250 });
        var models = Activate(bed, 3);
        foreach (var model in models[..2])
        {
            model.IsPinned = true;
            await UseAsync(bed, model);
        }

        var error = await Assert.ThrowsAsync<ServingException>(() => UseAsync(bed, models[2]));

        Assert.Equal(ServingError.Overloaded, error.Error);
        Assert.Equal("model 'm/3' needs 100 bytes; 2 models hold 200 of 250 bytes and of 64 places, and none of them can leave now (pinned, loading or busy); try again later", error.Message);
        Assert.True(bed.Loader.Modules.Last().IsDisposed);
        Assert.Equal("RRF", States(models));
    }

    [Fact]
    public async Task Load_LargerThanTheBudget_OverloadedAndNobodyLeaves()
    {
        using var bed = new TestBed(
            new FakeLoader(definition => new FakeModule { ParameterBytes = definition.Version == "2" ? 1000 : 100 }),
            memory: new ModelMemoryOptions { MaxResidentBytes = 250 });
        var models = Activate(bed, 2);
        await UseAsync(bed, models[0]);

        var error = await Assert.ThrowsAsync<ServingException>(() => UseAsync(bed, models[1]));

        Assert.Equal("model 'm/2' needs 1,000 bytes, but models may fill only 250 on this host", error.Message);
        Assert.Equal("RF", States(models));
    }

    [Fact]
    public async Task Load_OldestIsBusy_AnIdleOneLeavesInstead()
    {
        using var entered = new ManualResetEventSlim();
        using var release = new ManualResetEventSlim();
        using var bed = new TestBed(
            new FakeLoader(_ => new FakeModule((_, arguments) =>
            {
                if (((Tensor)arguments[0].Value).As<double>()[0] == 7)
                {
                    entered.Set();
                    release.Wait();
                }

                return FakeModule.Double(arguments);
            })),
            options => options.InlineBelow = TimeSpan.Zero,
            new ModelMemoryOptions { MaxResidentBytes = 250 });
        var models = Activate(bed, 4);
        var busy = models[0].InferAsync(TestBed.Request(7, 7)).AsTask();
        entered.Wait();
        await UseAsync(bed, models[1]);

        await UseAsync(bed, models[2]);
        Assert.Equal("RURU", States(models));
        models[2].IsPinned = true;
        // Only the busy one is left: it drains first.
        var last = UseAsync(bed, models[3]);
        await TestBed.UntilAsync(() => models[0].Status.State == ModelState.Draining);
        release.Set();

        await last;
        (await busy).Dispose();
        Assert.Equal("UURR", States(models));
        Assert.All(bed.Loader.Modules, module => Assert.False(module.WasMisused));
    }

    [Fact]
    public async Task Load_OnGpu_DoesNotCountForHostMemory()
    {
        using var bed = new TestBed(new FakeLoader(_ => new FakeModule { Device = "cuda:0" }), memory: new ModelMemoryOptions { MaxResidentBytes = 50 });

        await UseAsync(bed, bed.Activate());

        Assert.Equal(0, bed.Host.ResidentBytes);
    }

    [Fact]
    public async Task Infer_ManyModelsFewPlaces_AllAnswerAndMemoryStaysWithin()
    {
        using var bed = new TestBed(memory: new ModelMemoryOptions { MaxResidentBytes = 300 });
        var models = Activate(bed, 8);

        await Task.WhenAll(Enumerable.Range(0, 6).Select(seed => Task.Run(async () =>
        {
            var random = new Random(seed);
            for (var i = 0; i < 200; i++)
            {
                using var result = await models[random.Next(models.Length)].InferAsync(TestBed.Request(i, seed));
                Assert.Equal([2.0 * i, 2.0 * seed], TestBed.Numbers(result));
                Assert.InRange(bed.Host.ResidentBytes, 0, 300);
            }
        })));

        Assert.All(bed.Loader.Modules, module => Assert.False(module.WasMisused));
        Assert.InRange(bed.Loader.Modules.Count(module => !module.IsDisposed), 1, 3);
    }
}
