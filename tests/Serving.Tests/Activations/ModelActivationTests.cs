using Granary.Serving.Clusters;
using Granary.Torch;

namespace Granary.Serving.Tests.Activations;

public sealed class ModelActivationTests
{
    [Fact]
    public async Task InferAsync_ColdModel_LoadsWarmsAndAnswers()
    {
        using var bed = new TestBed();
        var activation = bed.Activate();

        Assert.Equal(ModelState.Unloaded, activation.Status.State);
        using var result = await activation.InferAsync(TestBed.Request(1, 2));

        Assert.Equal([2, 4], TestBed.Numbers(result));
        Assert.Equal(ModelState.Ready, activation.Status.State);
        // Three warm-up calls with zeros and the request's own.
        Assert.Equal(4, bed.Loader.Modules.Single().Calls);
        Assert.Equal(100, activation.Status.ResidentBytes);
        Assert.Equal(1, activation.Status.Statistics.Succeeded);
    }

    [Fact]
    public async Task InferAsync_TwoHundredFirstCallers_OneLoad()
    {
        var release = new TaskCompletionSource();
        using var bed = new TestBed(new FakeLoader(async (_, _) =>
        {
            await release.Task;
            return new FakeModule();
        }));
        var activation = bed.Activate();

        var calls = Enumerable.Range(0, 200).Select(i => Task.Run(async () =>
        {
            using var result = await activation.InferAsync(TestBed.Request(i, i));
            return TestBed.Numbers(result)[0];
        })).ToArray();
        await TestBed.UntilAsync(() => activation.Status.Queued == 200);
        Assert.Equal(ModelState.Loading, activation.Status.State);
        release.SetResult();
        var answers = await Task.WhenAll(calls);

        Assert.Equal(Enumerable.Range(0, 200).Select(i => 2.0 * i), answers);
        Assert.Equal(1, bed.Loader.Loads);
        Assert.Equal(200, activation.Status.Statistics.Succeeded);
    }

    [Fact]
    public async Task InferAsync_FirstCallerCancels_LoadGoesOnForTheOthers()
    {
        var release = new TaskCompletionSource();
        using var bed = new TestBed(new FakeLoader(async (_, cancellation) =>
        {
            await release.Task.WaitAsync(cancellation);
            return new FakeModule();
        }));
        var activation = bed.Activate();
        using var impatient = new CancellationTokenSource();

        var first = activation.InferAsync(TestBed.Request(1, 1), impatient.Token).AsTask();
        var second = activation.InferAsync(TestBed.Request(2, 2)).AsTask();
        await impatient.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        release.SetResult();
        using var result = await second;
        Assert.Equal([4, 4], TestBed.Numbers(result));
        Assert.Equal(1, bed.Loader.Loads);
    }

    [Fact]
    public async Task InferAsync_OnlyCallerCancels_LoadStillEndsReady()
    {
        var release = new TaskCompletionSource();
        using var bed = new TestBed(new FakeLoader(async (_, cancellation) =>
        {
            await release.Task.WaitAsync(cancellation);
            return new FakeModule();
        }));
        var activation = bed.Activate();
        using var impatient = new CancellationTokenSource();

        var call = activation.InferAsync(TestBed.Request(1, 1), impatient.Token).AsTask();
        await impatient.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        release.SetResult();

        Assert.Equal(ModelState.Ready, (await activation.WaitReadyAsync()).State);
        Assert.Equal(1, bed.Loader.Loads);
    }

    [Fact]
    public async Task InferAsync_DeadlineDuringLoad_DeadlineExceededAndLoadGoesOn()
    {
        var release = new TaskCompletionSource();
        using var bed = new TestBed(new FakeLoader(async (_, _) =>
        {
            await release.Task;
            return new FakeModule();
        }));
        var activation = bed.Activate();

        var call = activation.InferAsync(new InferenceRequest { Inputs = TestBed.Request(1, 1).Inputs, Timeout = TimeSpan.FromSeconds(5) }).AsTask();
        await TestBed.UntilAsync(() => bed.Clock.ArmedTimers == 1);
        bed.Clock.Advance(TimeSpan.FromSeconds(5));

        var error = await Assert.ThrowsAsync<ServingException>(() => call);
        Assert.Equal(ServingError.DeadlineExceeded, error.Error);
        release.SetResult();
        Assert.Equal(ModelState.Ready, (await activation.WaitReadyAsync()).State);
    }

    [Fact]
    public async Task InferAsync_LoadFails_BackoffDoublesThenEnds()
    {
        var fails = true;
        using var bed = new TestBed(new FakeLoader(_ => fails ? throw new ServingException(ServingError.SourceFailed, "the hub said 500") : new FakeModule()));
        var activation = bed.Activate();

        var first = await Assert.ThrowsAsync<ServingException>(() => activation.InferAsync(TestBed.Request(1, 1)).AsTask());
        Assert.Equal(ServingError.SourceFailed, first.Error);
        Assert.Equal(ModelState.Failed, activation.Status.State);
        Assert.Equal("the hub said 500", activation.Status.Reason);

        var second = await Assert.ThrowsAsync<ServingException>(() => activation.InferAsync(TestBed.Request(1, 1)).AsTask());
        Assert.Equal(ServingError.Unavailable, second.Error);
        Assert.Equal(TimeSpan.FromSeconds(1), second.RetryAfter);
        Assert.Contains("the hub said 500", second.Message);
        Assert.Equal(1, bed.Loader.Loads);

        bed.Clock.Advance(TimeSpan.FromSeconds(1));
        await Assert.ThrowsAsync<ServingException>(() => activation.InferAsync(TestBed.Request(1, 1)).AsTask());
        var fourth = await Assert.ThrowsAsync<ServingException>(() => activation.InferAsync(TestBed.Request(1, 1)).AsTask());
        Assert.Equal(TimeSpan.FromSeconds(2), fourth.RetryAfter);
        Assert.Equal(2, bed.Loader.Loads);

        fails = false;
        bed.Clock.Advance(TimeSpan.FromSeconds(2));
        using var result = await activation.InferAsync(TestBed.Request(1, 1));
        Assert.Equal([2, 2], TestBed.Numbers(result));
        Assert.Null(activation.Status.Reason);
        Assert.Equal(4, activation.Status.Statistics.Failed);
    }

    [Fact]
    public async Task InferAsync_ManyFailures_BackoffStaysBelowItsLimit()
    {
        using var bed = new TestBed(new FakeLoader((Func<Serving.Models.ModelDefinition, FakeModule>)(_ => throw new IOException("gone"))));
        var activation = bed.Activate();
        for (var i = 0; i < 40; i++)
        {
            await Assert.ThrowsAsync<ServingException>(() => activation.InferAsync(TestBed.Request(1, 1)).AsTask());
            bed.Clock.Advance(TimeSpan.FromMinutes(1));
        }

        await Assert.ThrowsAsync<ServingException>(() => activation.InferAsync(TestBed.Request(1, 1)).AsTask());
        var error = await Assert.ThrowsAsync<ServingException>(() => activation.InferAsync(TestBed.Request(1, 1)).AsTask());
        Assert.Equal(TimeSpan.FromMinutes(1), error.RetryAfter);
    }

    [Theory]
    [InlineData(ServingError.NotFound)]
    [InlineData(ServingError.PermissionDenied)]
    [InlineData(ServingError.Unsupported)]
    public async Task InferAsync_BackoffAfterLastingError_KeepsItsKind(ServingError kind)
    {
        using var bed = new TestBed(new FakeLoader((Func<Serving.Models.ModelDefinition, FakeModule>)(_ => throw new ServingException(kind, "no"))));
        var activation = bed.Activate();
        await Assert.ThrowsAsync<ServingException>(() => activation.InferAsync(TestBed.Request(1, 1)).AsTask());

        var error = await Assert.ThrowsAsync<ServingException>(() => activation.InferAsync(TestBed.Request(1, 1)).AsTask());

        Assert.Equal(kind, error.Error);
        Assert.Equal(TimeSpan.FromSeconds(1), error.RetryAfter);
    }

    [Fact]
    public async Task WaitReadyAsync_IgnoreBackoff_TriesAgainAtOnce()
    {
        var fails = true;
        using var bed = new TestBed(new FakeLoader(_ => fails ? throw new ServingException(ServingError.SourceFailed, "no") : new FakeModule()));
        var activation = bed.Activate();
        await Assert.ThrowsAsync<ServingException>(() => activation.WaitReadyAsync());
        fails = false;

        Assert.Equal(ModelState.Ready, (await activation.WaitReadyAsync(ignoreBackoff: true)).State);
    }

    [Fact]
    public async Task DrainAsync_RunningCall_WaitsForItThenDisposes()
    {
        using var entered = new ManualResetEventSlim();
        using var release = new ManualResetEventSlim();
        var module = new FakeModule((_, arguments) =>
        {
            if (((Tensor)arguments[0].Value).As<double>()[0] == 7)
            {
                entered.Set();
                release.Wait();
            }

            return FakeModule.Double(arguments);
        });
        using var bed = new TestBed(new FakeLoader(_ => module), options => options.InlineBelow = TimeSpan.Zero);
        var activation = bed.Activate();
        var call = activation.InferAsync(TestBed.Request(7, 7)).AsTask();
        entered.Wait();

        var drain = activation.DrainAsync();
        Assert.Equal(ModelState.Draining, activation.Status.State);
        Assert.Equal(1, activation.Status.Running);
        Assert.False(module.IsDisposed);
        release.Set();

        Assert.True(await drain);
        using var result = await call;
        Assert.Equal([14, 14], TestBed.Numbers(result));
        Assert.True(module.IsDisposed);
        Assert.False(module.WasMisused);
        Assert.Equal(ModelState.Unloaded, activation.Status.State);
        Assert.Equal(1, bed.Runtime.Trims);
        Assert.Equal(0, bed.Host.ResidentBytes);
    }

    [Fact]
    public async Task InferAsync_WhileDraining_NewStayAnswers()
    {
        using var entered = new ManualResetEventSlim();
        using var release = new ManualResetEventSlim();
        using var bed = new TestBed(new FakeLoader(_ => new FakeModule((_, arguments) =>
        {
            if (((Tensor)arguments[0].Value).As<double>()[0] == 7)
            {
                entered.Set();
                release.Wait();
            }

            return FakeModule.Double(arguments);
        })), options => options.InlineBelow = TimeSpan.Zero);
        var activation = bed.Activate();
        var slow = activation.InferAsync(TestBed.Request(7, 7)).AsTask();
        entered.Wait();
        var drain = activation.DrainAsync();

        using var result = await activation.InferAsync(TestBed.Request(3, 3));

        Assert.Equal([6, 6], TestBed.Numbers(result));
        Assert.Equal(2, bed.Loader.Loads);
        Assert.Equal(ModelState.Ready, activation.Status.State);
        release.Set();
        await drain;
        (await slow).Dispose();
        Assert.Equal([true, false], bed.Loader.Modules.Select(module => module.IsDisposed));
    }

    [Fact]
    public async Task DrainAsync_LoadNobodyWaitsFor_GivesItUp()
    {
        var cancelled = new TaskCompletionSource();
        using var bed = new TestBed(new FakeLoader(async (_, cancellation) =>
        {
            await using var registration = cancellation.Register(cancelled.SetResult);
            await cancelled.Task;
            throw new OperationCanceledException(cancellation);
        }));
        var activation = bed.Activate();
        activation.StartLoad();
        await TestBed.UntilAsync(() => bed.Loader.Loads == 1);

        await activation.DrainAsync();

        // Given up, not failed: no back-off.
        Assert.Equal(ModelState.Unloaded, activation.Status.State);
    }

    [Fact]
    public async Task DrainAsync_LoadSomebodyWaitsFor_AnswersFirst()
    {
        var release = new TaskCompletionSource();
        using var bed = new TestBed(new FakeLoader(async (_, cancellation) =>
        {
            await release.Task.WaitAsync(cancellation);
            return new FakeModule();
        }));
        var activation = bed.Activate();
        var call = activation.InferAsync(TestBed.Request(1, 1)).AsTask();

        var drain = activation.DrainAsync();
        release.SetResult();

        using var result = await call;
        Assert.Equal([2, 2], TestBed.Numbers(result));
        Assert.True(await drain);
        Assert.True(bed.Loader.Modules.Single().IsDisposed);
    }

    [Fact]
    public async Task DrainIfIdleAsync_TimePassed_UnloadsUnlessPinned()
    {
        using var bed = new TestBed();
        var activation = bed.Activate(TestBed.Definition with { IdleTimeout = TimeSpan.FromMinutes(5), Pinned = true });
        (await activation.InferAsync(TestBed.Request(1, 1))).Dispose();

        bed.Clock.Advance(TimeSpan.FromMinutes(6));
        Assert.False(await activation.DrainIfIdleAsync());
        activation.IsPinned = false;
        (await activation.InferAsync(TestBed.Request(1, 1))).Dispose();
        bed.Clock.Advance(TimeSpan.FromMinutes(5) - TimeSpan.FromTicks(1));
        Assert.False(await activation.DrainIfIdleAsync());
        bed.Clock.Advance(TimeSpan.FromTicks(1));

        Assert.True(await activation.DrainIfIdleAsync());
        Assert.Equal(ModelState.Unloaded, activation.Status.State);
        using var result = await activation.InferAsync(TestBed.Request(2, 2));
        Assert.Equal([4, 4], TestBed.Numbers(result));
        Assert.Equal(3, activation.Status.Statistics.Succeeded);
        Assert.Equal(2, activation.Status.Statistics.Loads);
    }

    [Fact]
    public async Task DrainIfIdleAsync_InfiniteTimeout_Stays()
    {
        using var bed = new TestBed();
        var activation = bed.Activate(TestBed.Definition with { IdleTimeout = Timeout.InfiniteTimeSpan });
        await activation.WaitReadyAsync();
        bed.Clock.Advance(TimeSpan.FromDays(400));

        Assert.False(await activation.DrainIfIdleAsync());
    }

    [Fact]
    public async Task RetireAsync_LaterCall_Unavailable()
    {
        using var bed = new TestBed();
        var activation = bed.Activate();
        await activation.WaitReadyAsync();

        await activation.DisposeAsync();

        Assert.True(bed.Loader.Modules.Single().IsDisposed);
        var error = await Assert.ThrowsAsync<ServingException>(() => activation.InferAsync(TestBed.Request(1, 1)).AsTask());
        Assert.Equal(ServingError.Unavailable, error.Error);
    }

    [Fact]
    public async Task StartLoad_TooManyLoadsWait_Overloaded()
    {
        var release = new TaskCompletionSource();
        using var bed = new TestBed(
            new FakeLoader(async (_, _) =>
            {
                await release.Task;
                return new FakeModule();
            }),
            options => (options.MaxConcurrentLoads, options.MaxPendingLoads) = (1, 2));
        var activations = Enumerable.Range(1, 3).Select(i => bed.Activate(TestBed.Definition with { Version = $"{i}" })).ToArray();
        activations[0].StartLoad();
        activations[1].StartLoad();

        var error = Assert.Throws<ServingException>(() => activations[2].StartLoad());

        Assert.Equal(ServingError.Overloaded, error.Error);
        await TestBed.UntilAsync(() => bed.Loader.Loads == 1);
        release.SetResult();
        await activations[0].WaitReadyAsync();
        await activations[1].WaitReadyAsync();
        Assert.Equal(ModelState.Ready, (await activations[2].WaitReadyAsync()).State);
    }

    [Fact]
    public async Task InferAndDrain_RandomMixes_NothingLostNothingMisused()
    {
        const int Workers = 8;
        const int Operations = 1500;
        using var bed = new TestBed(options: options => options.InlineBelow = TimeSpan.FromMilliseconds(1));
        var activations = Enumerable.Range(1, 3).Select(i => bed.Activate(TestBed.Definition with { Version = $"{i}", Instances = i - 1 })).ToArray();

        await Task.WhenAll(Enumerable.Range(0, Workers).Select(seed => Task.Run(async () =>
        {
            var random = new Random(seed);
            for (var i = 0; i < Operations; i++)
            {
                var activation = activations[random.Next(activations.Length)];
                if (random.Next(20) == 0)
                {
                    await activation.DrainAsync();
                    continue;
                }

                using var result = await activation.InferAsync(TestBed.Request(i, seed));
                Assert.Equal([2.0 * i, 2.0 * seed], TestBed.Numbers(result));
            }
        })));

        foreach (var activation in activations)
            await activation.DisposeAsync();
        Assert.True(bed.Loader.Modules.Count > 3);
        Assert.All(bed.Loader.Modules, module =>
        {
            Assert.True(module.IsDisposed);
            Assert.False(module.WasMisused);
            Assert.Equal(0, module.LiveResults);
        });
        Assert.Equal(0, bed.Host.ResidentBytes);
        Assert.Equal(0, activations.Sum(activation => activation.Status.Statistics.Failed));
    }
}
