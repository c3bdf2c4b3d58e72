using Granary.Serving.Clusters;
using Granary.Torch;

namespace Granary.Serving.Tests.Activations;

public sealed class ModelExecutionTests
{
    /// <summary>Calls whose first number is 7 block until the event is set.</summary>
    private sealed class Blocker : IDisposable
    {
        private readonly ManualResetEventSlim _release = new();
        private int _entered;

        public List<double> Order { get; } = [];

        public int Entered => Volatile.Read(ref _entered);

        public FakeModule Module => new((_, arguments) =>
        {
            var first = ((Tensor)arguments[0].Value).As<double>()[0];
            if (first != 0)
            {
                lock (Order)
                    Order.Add(first);
            }

            if (first == 7)
            {
                Interlocked.Increment(ref _entered);
                _release.Wait();
            }

            return FakeModule.Double(arguments);
        });

        public void Release() => _release.Set();

        public void Dispose() => _release.Dispose();
    }

    [Fact]
    public async Task InferAsync_QuickModel_CompletesSynchronouslyOnTheCallersThread()
    {
        var thread = 0;
        using var bed = new TestBed(new FakeLoader(_ => new FakeModule((_, arguments) =>
        {
            thread = Environment.CurrentManagedThreadId;
            return FakeModule.Double(arguments);
        })));
        var activation = bed.Activate();
        await activation.WaitReadyAsync();

        var caller = Environment.CurrentManagedThreadId;
        var call = activation.InferAsync(TestBed.Request(1, 2));

        Assert.True(call.IsCompletedSuccessfully);
        Assert.Equal(caller, thread);
        (await call).Dispose();
    }

    [Fact]
    public async Task InferAsync_SlowModel_RunsOnInferenceThreadAndContinuesElsewhere()
    {
        string? ran = null;
        ManualClock? clock = null;
        using var bed = new TestBed(new FakeLoader(_ => new FakeModule((_, arguments) =>
        {
            ran = Thread.CurrentThread.Name;
            clock!.Advance(TimeSpan.FromMilliseconds(5));
            return FakeModule.Double(arguments);
        })));
        clock = bed.Clock;
        var activation = bed.Activate();
        await activation.WaitReadyAsync();

        var (result, continued) = await Task.Run(async () =>
        {
            var answer = await activation.InferAsync(TestBed.Request(1, 2));
            return (answer, Thread.CurrentThread.Name);
        });

        using var owned = result;
        Assert.StartsWith("inference-", ran);
        Assert.DoesNotContain("inference-", continued ?? string.Empty);
        Assert.Equal(TimeSpan.FromMilliseconds(5), result.Timing.Compute);
    }

    [Fact]
    public async Task InferAsync_ModelGrowsSlow_MovesToInferenceThreads()
    {
        var cost = TimeSpan.Zero;
        string? ran = null;
        ManualClock? clock = null;
        using var bed = new TestBed(new FakeLoader(_ => new FakeModule((_, arguments) =>
        {
            ran = Thread.CurrentThread.Name;
            clock!.Advance(cost);
            return FakeModule.Double(arguments);
        })));
        clock = bed.Clock;
        var activation = bed.Activate();
        (await activation.InferAsync(TestBed.Request(1, 2))).Dispose();
        cost = TimeSpan.FromMilliseconds(10);

        // One slow call does not move it, a row of them does.
        (await activation.InferAsync(TestBed.Request(1, 2))).Dispose();
        (await activation.InferAsync(TestBed.Request(1, 2))).Dispose();
        Assert.False(ran?.StartsWith("inference-", StringComparison.Ordinal) ?? false);
        for (var i = 0; i < 6; i++)
            (await activation.InferAsync(TestBed.Request(1, 2))).Dispose();

        Assert.StartsWith("inference-", ran);
    }

    [Fact]
    public async Task InferAsync_NoSampleInputs_FirstRequestWarms()
    {
        using var bed = new TestBed();
        var activation = bed.Activate(TestBed.Definition with { Inputs = [] });
        await activation.WaitReadyAsync();
        Assert.Equal(0, bed.Loader.Modules.Single().Calls);

        (await activation.InferAsync(TestBed.Request(1, 2))).Dispose();
        Assert.Equal(4, bed.Loader.Modules.Single().Calls);
        (await activation.InferAsync(TestBed.Request(1, 2))).Dispose();

        Assert.Equal(5, bed.Loader.Modules.Single().Calls);
        Assert.Equal(0, bed.Loader.Modules.Single().LiveResults);
    }

    [Fact]
    public async Task InferAsync_WarmUpWithFirstRequestFails_ThatRequestFailsAndTheNextWarms()
    {
        using var bed = new TestBed(new FakeLoader(_ => new FakeModule((_, arguments) =>
            ((Tensor)arguments[0].Value).As<double>()[0] < 0 ? throw new TorchException(TorchFailure.Model, "negative") : FakeModule.Double(arguments))));
        var activation = bed.Activate(TestBed.Definition with { Inputs = [] });

        var error = await Assert.ThrowsAsync<ServingException>(() => activation.InferAsync(TestBed.Request(-1, 0)).AsTask());
        Assert.Equal(ServingError.ModelFailed, error.Error);
        Assert.Equal("model 'm/1' failed in 'forward': negative", error.Message);
        using var result = await activation.InferAsync(TestBed.Request(1, 2));

        Assert.Equal([2, 4], TestBed.Numbers(result));
        Assert.Equal(5, bed.Loader.Modules.Single().Calls);
    }

    [Fact]
    public async Task InferAsync_MoreCallersThanInstances_NeverMoreRunning()
    {
        using var gate = new CountdownEvent(2);
        var release = new ManualResetEventSlim();
        var module = new FakeModule((_, arguments) =>
        {
            if (((Tensor)arguments[0].Value).As<double>()[0] != 0)
            {
                if (!gate.IsSet)
                    gate.Signal();
                release.Wait();
            }

            return FakeModule.Double(arguments);
        });
        using var bed = new TestBed(new FakeLoader(_ => module), options => options.InlineBelow = TimeSpan.Zero);
        var activation = bed.Activate(TestBed.Definition with { Instances = 2 });
        await activation.WaitReadyAsync();

        var calls = Enumerable.Range(1, 20).Select(i => activation.InferAsync(TestBed.Request(i, i)).AsTask()).ToArray();
        gate.Wait();
        Assert.Equal(2, activation.Status.Running);
        Assert.Equal(18, activation.Status.Queued);
        release.Set();

        foreach (var call in calls)
            (await call).Dispose();
        Assert.Equal(2, module.MaxRunning);
        Assert.Equal(0, activation.Status.Running);
    }

    [Fact]
    public async Task InferAsync_ModelWithThreadsOfItsOwn_RunsAsManyAsFitTheCoresAndNeverInline()
    {
        using var entered = new ManualResetEventSlim();
        using var release = new ManualResetEventSlim();
        var module = new FakeModule((_, arguments) =>
        {
            if (((Tensor)arguments[0].Value).As<double>()[0] != 0)
            {
                entered.Set();
                release.Wait();
            }

            return FakeModule.Double(arguments);
        });
        using var bed = new TestBed(new FakeLoader(_ => module), options => options.InlineBelow = TimeSpan.FromSeconds(1));
        var activation = bed.Activate(TestBed.Definition with { IntraOpThreads = Environment.ProcessorCount });
        await activation.WaitReadyAsync();

        // Inline they would not come back.
        var calls = Enumerable.Range(1, 8).Select(i => activation.InferAsync(TestBed.Request(i, i)).AsTask()).ToArray();
        entered.Wait();
        Assert.Equal((1, 7), (activation.Status.Running, activation.Status.Queued));
        release.Set();

        foreach (var call in calls)
            (await call).Dispose();
        Assert.Equal(1, module.MaxRunning);
        await activation.DisposeAsync();
    }

    [Fact]
    public async Task InferAsync_OneInstance_FirstComeFirstServed()
    {
        using var blocker = new Blocker();
        using var bed = new TestBed(new FakeLoader(_ => blocker.Module), options => options.InlineBelow = TimeSpan.Zero);
        var activation = bed.Activate(TestBed.Definition with { Instances = 1 });
        await activation.WaitReadyAsync();

        var calls = new List<Task<InferenceResult>> { activation.InferAsync(TestBed.Request(7, 7)).AsTask() };
        await TestBed.UntilAsync(() => blocker.Entered == 1);
        for (var i = 100; i < 150; i++)
            calls.Add(activation.InferAsync(TestBed.Request(i, i)).AsTask());
        blocker.Release();

        foreach (var call in calls)
            (await call).Dispose();
        Assert.Equal(Enumerable.Range(100, 50).Select(i => (double)i).Prepend(7), blocker.Order);
    }

    [Fact]
    public async Task InferAsync_QueueFull_Overloaded()
    {
        using var blocker = new Blocker();
        using var bed = new TestBed(new FakeLoader(_ => blocker.Module), options => options.InlineBelow = TimeSpan.Zero);
        var activation = bed.Activate(TestBed.Definition with { Instances = 1, MaxQueueSize = 2 });
        await activation.WaitReadyAsync();
        var running = activation.InferAsync(TestBed.Request(7, 7)).AsTask();
        await TestBed.UntilAsync(() => blocker.Entered == 1);
        var waiting = Enumerable.Range(1, 2).Select(i => activation.InferAsync(TestBed.Request(i, i)).AsTask()).ToArray();

        var error = await Assert.ThrowsAsync<ServingException>(() => activation.InferAsync(TestBed.Request(3, 3)).AsTask());

        Assert.Equal(ServingError.Overloaded, error.Error);
        Assert.Equal("Exceeds maximum queue size: 2 requests wait for model 'm/1'; try again later", error.Message);
        blocker.Release();
        (await running).Dispose();
        foreach (var call in waiting)
            (await call).Dispose();
    }

    [Fact]
    public async Task InferAsync_CancelledOrExpiredInTheQueue_LeavesAtOnce()
    {
        using var blocker = new Blocker();
        using var bed = new TestBed(new FakeLoader(_ => blocker.Module), options => options.InlineBelow = TimeSpan.Zero);
        var activation = bed.Activate(TestBed.Definition with { Instances = 1 });
        await activation.WaitReadyAsync();
        using var impatient = new CancellationTokenSource();
        var running = activation.InferAsync(TestBed.Request(7, 7), impatient.Token).AsTask();
        await TestBed.UntilAsync(() => blocker.Entered == 1);
        var cancelled = activation.InferAsync(TestBed.Request(1, 1), impatient.Token).AsTask();
        var expired = activation.InferAsync(new InferenceRequest { Inputs = TestBed.Request(2, 2).Inputs, Timeout = TimeSpan.FromSeconds(3) }).AsTask();
        var patient = activation.InferAsync(TestBed.Request(3, 3)).AsTask();
        Assert.Equal(3, activation.Status.Queued);

        await impatient.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);
        bed.Clock.Advance(TimeSpan.FromSeconds(3));
        var error = await Assert.ThrowsAsync<ServingException>(() => expired);

        Assert.Equal(ServingError.DeadlineExceeded, error.Error);
        Assert.Equal(1, activation.Status.Queued);
        blocker.Release();
        // The call that had started answers although its token fired.
        (await running).Dispose();
        (await patient).Dispose();
        Assert.Equal([7.0, 3.0], blocker.Order);
        Assert.Equal(0, bed.Clock.ArmedTimers);
        Assert.Equal(2, activation.Status.Statistics.Failed);
    }

    [Fact]
    public async Task InferAsync_TokenFiredBefore_IsNotRun()
    {
        using var bed = new TestBed(options: options => options.InlineBelow = TimeSpan.Zero);
        var activation = bed.Activate();
        await activation.WaitReadyAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => activation.InferAsync(TestBed.Request(1, 1), new CancellationToken(true)).AsTask());

        Assert.Equal(3, bed.Loader.Modules.Single().Calls);
    }

    [Fact]
    public async Task InferAsync_BusyModel_DoesNotStarveAnother()
    {
        using var blocker = new Blocker();
        using var bed = new TestBed(new FakeLoader(_ => blocker.Module), options => (options.InlineBelow, options.InferenceThreads) = (TimeSpan.Zero, 1));
        var busy = bed.Activate(TestBed.Definition with { Instances = 1 });
        var other = bed.Activate(TestBed.Definition with { Version = "2", Instances = 1 });
        await busy.WaitReadyAsync();
        await other.WaitReadyAsync();
        var calls = new List<Task<InferenceResult>> { busy.InferAsync(TestBed.Request(7, 7)).AsTask() };
        await TestBed.UntilAsync(() => blocker.Entered == 1);
        for (var i = 10; i < 30; i++)
            calls.Add(busy.InferAsync(TestBed.Request(i, i)).AsTask());
        calls.Add(other.InferAsync(TestBed.Request(1000, 0)).AsTask());
        blocker.Release();

        foreach (var call in calls)
            (await call).Dispose();
        Assert.Equal([7.0, 1000.0, 10.0], blocker.Order.Take(3));
    }

    [Fact]
    public async Task InferAsync_ModelRaises_NoSlotIsLost()
    {
        using var bed = new TestBed(
            new FakeLoader(_ => new FakeModule((_, arguments) => ((Tensor)arguments[0].Value).As<double>()[0] < 0
                ? throw new TorchException(TorchFailure.OutOfMemory, "too big") : FakeModule.Double(arguments))),
            options => options.InlineBelow = TimeSpan.FromSeconds(1));
        foreach (var instances in new[] { 0, 1 })
        {
            var activation = bed.Activate(TestBed.Definition with { Version = $"{instances + 1}", Instances = instances });
            for (var i = 0; i < 10; i++)
            {
                var error = await Assert.ThrowsAsync<ServingException>(() => activation.InferAsync(TestBed.Request(-1, 0)).AsTask());
                Assert.Equal(ServingError.Overloaded, error.Error);
            }

            using var result = await activation.InferAsync(TestBed.Request(1, 1));
            Assert.Equal([2, 2], TestBed.Numbers(result));
            Assert.True(await activation.DrainAsync());
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(200)]
    public async Task InferAsync_BrokenRequestOrEndlessTimeout_NeverBlocksTheUnload(int inlineBelowMicroseconds)
    {
        using var bed = new TestBed(options: options => options.InlineBelow = TimeSpan.FromMicroseconds(inlineBelowMicroseconds));
        var activation = bed.Activate();
        var source = new CancellationTokenSource();
        var token = source.Token;
        source.Dispose();

        var broken = await Assert.ThrowsAsync<ServingException>(() => activation.InferAsync(new InferenceRequest { Inputs = [default] }).AsTask());
        (await activation.InferAsync(new InferenceRequest { Inputs = TestBed.Request(1, 1).Inputs, Timeout = TimeSpan.MaxValue })).Dispose();
        (await activation.InferAsync(TestBed.Request(1, 1), token)).Dispose();

        Assert.Equal(ServingError.Internal, broken.Error);
        Assert.True(await activation.DrainAsync());
        Assert.Equal(0, bed.Clock.ArmedTimers);
    }
}
