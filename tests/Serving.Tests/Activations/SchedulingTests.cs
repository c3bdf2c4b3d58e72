using Granary.Serving.Models;
using Granary.Torch;

namespace Granary.Serving.Tests.Activations;

public sealed class SchedulingTests
{
    private static readonly BatchingOptions Eight = new() { MaxBatchSize = 8 };

    [Fact]
    public async Task InferAsync_PreferredSize_RunsThatManyAndTheRestAfter()
    {
        await using var pile = await PileUp.StartAsync(Eight with { PreferredSizes = [2, 4] });

        await pile.ReleaseAsync([.. Enumerable.Range(1, 7).Select(i => pile.Send(PileUp.Request(i)))]);

        Assert.Equal(["1 2 3 4", "5 6", "7"], pile.Batches);
    }

    [Fact]
    public async Task InferAsync_Priorities_RunFirstAndOneBatchMayHoldSeveral()
    {
        await using var pile = await PileUp.StartAsync(Eight with { MaxBatchSize = 3, Priorities = 3, DefaultPriority = 2 });

        await pile.ReleaseAsync(
            pile.Send(PileUp.Request(1, priority: 3)),
            pile.Send(PileUp.Request(2)),
            pile.Send(PileUp.Request(3, priority: 1)),
            pile.Send(PileUp.Request(4, priority: 9)),
            pile.Send(PileUp.Request(5, priority: 1)));

        Assert.Equal(["3 5 2", "4 1"], pile.Batches);
    }

    [Fact]
    public async Task InferAsync_PrioritiesWithoutBatching_RunFirst()
    {
        await using var pile = await PileUp.StartAsync(new BatchingOptions { Priorities = 2, DefaultPriority = 2 });

        await pile.ReleaseAsync(pile.Send(PileUp.Request(1)), pile.Send(PileUp.Request(2, priority: 1)), pile.Send(PileUp.Request(3)));

        Assert.Equal(["2", "1", "3"], pile.Batches);
    }

    [Fact]
    public async Task InferAsync_QueueOfThePriorityFull_Refused()
    {
        await using var pile = await PileUp.StartAsync(Eight with
        {
            Priorities = 2,
            DefaultPriority = 2,
            Queue = new QueuePolicy { MaxQueueSize = 2 },
            PriorityQueues = new Dictionary<int, QueuePolicy> { [1] = new() { MaxQueueSize = 1 } },
        });
        var waiting = new[] { pile.Send(PileUp.Request(1)), pile.Send(PileUp.Request(2)), pile.Send(PileUp.Request(3, priority: 1)) };

        var low = await Assert.ThrowsAsync<ServingException>(() => pile.Send(PileUp.Request(4)));
        var high = await Assert.ThrowsAsync<ServingException>(() => pile.Send(PileUp.Request(5, priority: 1)));

        Assert.Equal((ServingError.Overloaded, ServingError.Overloaded), (low.Error, high.Error));
        Assert.Equal("Exceeds maximum queue size: 2 requests wait for model 'm/1'; try again later", low.Message);
        Assert.Equal("Exceeds maximum queue size: 1 requests wait for model 'm/1'; try again later", high.Message);
        await pile.ReleaseAsync(waiting);
        Assert.Equal(["3 1 2"], pile.Batches);
    }

    [Fact]
    public async Task InferAsync_WaitedTooLong_RefusedAndTheRestRuns()
    {
        await using var pile = await PileUp.StartAsync(Eight with { Queue = new QueuePolicy { Timeout = TimeSpan.FromSeconds(5), AllowTimeoutOverride = true } });
        var own = pile.Send(PileUp.Request(1));
        var shorter = pile.Send(PileUp.Request(2, queueTimeout: TimeSpan.FromSeconds(2)));
        var longer = pile.Send(PileUp.Request(3, queueTimeout: TimeSpan.FromSeconds(9)));
        var deadline = pile.Send(PileUp.Request(4, timeout: TimeSpan.FromSeconds(1)));

        pile.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(ServingError.DeadlineExceeded, (await Assert.ThrowsAsync<ServingException>(() => deadline)).Error);
        pile.Clock.Advance(TimeSpan.FromSeconds(1));
        var error = await Assert.ThrowsAsync<ServingException>(() => shorter);
        Assert.Equal(ServingError.Overloaded, error.Error);
        Assert.StartsWith("Request timeout expired", error.Message);
        Assert.False(own.IsCompleted || longer.IsCompleted);
        var young = pile.Send(PileUp.Request(5));
        pile.Clock.Advance(TimeSpan.FromSeconds(3));
        await Assert.ThrowsAsync<ServingException>(() => own);
        await Assert.ThrowsAsync<ServingException>(() => longer);
        await pile.ReleaseAsync(young);

        Assert.Equal(["5"], pile.Batches);
        Assert.Equal(0, pile.Clock.ArmedTimers);
        Assert.Equal((2, 4), (pile.Activation.Status.Statistics.Succeeded, pile.Activation.Status.Statistics.Failed));
    }

    [Fact]
    public async Task InferAsync_OverrideNotAllowed_QueueTimeoutOfTheRequestIsIgnored()
    {
        await using var pile = await PileUp.StartAsync(Eight);
        var call = pile.Send(PileUp.Request(1, queueTimeout: TimeSpan.FromSeconds(1)));

        pile.Clock.Advance(TimeSpan.FromSeconds(100));
        await pile.ReleaseAsync(call);

        Assert.Equal(["1"], pile.Batches);
    }

    [Fact]
    public async Task InferAsync_WaitedTooLongWhereThatDelays_RunsBehindThoseInTime()
    {
        await using var pile = await PileUp.StartAsync(Eight with { MaxBatchSize = 2, Queue = new QueuePolicy { TimeoutAction = QueueTimeoutAction.Delay, Timeout = TimeSpan.FromSeconds(5) } });
        var first = new[] { pile.Send(PileUp.Request(1)), pile.Send(PileUp.Request(2)) };
        pile.Clock.Advance(TimeSpan.FromSeconds(5));

        await pile.ReleaseAsync([.. first, pile.Send(PileUp.Request(3)), pile.Send(PileUp.Request(4))]);

        Assert.Equal(["3 4", "1 2"], pile.Batches);
    }

    [Fact]
    public async Task InferAsync_QueueDelayAndWithdrawal_ThoseThatRemainRunWhenTheyMakeAPreferredSize()
    {
        var sizes = new List<long>();
        using var bed = new TestBed(new FakeLoader(_ => new FakeModule((_, arguments) =>
        {
            sizes.Add(((Tensor)arguments[0].Value).Shape[0]);
            return FakeModule.Double(arguments);
        })));
        var activation = bed.Activate(TestBed.Definition with { Instances = 1, Batching = Eight with { PreferredSizes = [2, 8], MaxQueueDelay = TimeSpan.FromSeconds(1) } });
        await activation.WaitReadyAsync();
        using var source = new CancellationTokenSource();
        var gone = activation.InferAsync(PileUp.Request(1), source.Token).AsTask();
        var stays = activation.InferAsync(PileUp.Request(2, rows: 2)).AsTask();
        Assert.Equal(2, activation.Status.Queued);

        await source.CancelAsync();
        (await stays).Dispose();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => gone);
        Assert.Equal([1, 1, 1, 2], sizes);
    }

    [Fact]
    public async Task InferAsync_PreserveOrder_AnAnswerWaitsForEarlierOnes()
    {
        using var release = new ManualResetEventSlim();
        using var third = new ManualResetEventSlim();
        var module = new FakeModule((_, arguments) =>
        {
            var number = ((Tensor)arguments[0].Value).As<double>()[0];
            if (number == 1)
                release.Wait();
            if (number == 3)
                third.Set();
            return FakeModule.Double(arguments);
        });
        using var bed = new TestBed(new FakeLoader(_ => module), options => options.InferenceThreads = 2);
        var activation = bed.Activate(TestBed.Definition with { Instances = 2, Batching = new BatchingOptions { PreserveOrder = true } });
        await activation.WaitReadyAsync();
        using var impatient = new CancellationTokenSource();

        var calls = Enumerable.Range(1, 3).Select(i => activation.InferAsync(PileUp.Request(i)).AsTask()).ToArray();
        third.Wait();
        // The thread that runs the third has ended the second.
        Assert.DoesNotContain(calls, call => call.IsCompleted);
        release.Set();

        Assert.Equal([2, 4, 6], (await Task.WhenAll(calls)).Select(result => TestBed.Numbers(result)[0]));
        foreach (var call in calls)
            (await call).Dispose();
    }

    [Fact]
    public async Task InferAsync_PreserveOrderAndCancelledCall_HoldsUpNobody()
    {
        await using var pile = await PileUp.StartAsync(new BatchingOptions { PreserveOrder = true });
        using var source = new CancellationTokenSource();
        var gone = pile.Activation.InferAsync(PileUp.Request(1), source.Token).AsTask();
        var stays = pile.Send(PileUp.Request(2));

        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => gone);
        await pile.ReleaseAsync(stays);

        Assert.Equal(["2"], pile.Batches);
    }

    [Fact]
    public async Task InferAsync_QuickModelWithOneInstance_PiledUpRequestsAreJoined()
    {
        using var release = new ManualResetEventSlim();
        using var entered = new ManualResetEventSlim();
        var sizes = new List<long>();
        using var bed = new TestBed(new FakeLoader(_ => new FakeModule((_, arguments) =>
        {
            sizes.Add(((Tensor)arguments[0].Value).Shape[0]);
            if (((Tensor)arguments[0].Value).As<double>()[0] == 7)
            {
                entered.Set();
                release.Wait();
            }

            return FakeModule.Double(arguments);
        })));
        var activation = bed.Activate(TestBed.Definition with { Instances = 1, Batching = Eight });
        await activation.WaitReadyAsync();

        // On its caller's thread, because the model is quick.
        var busy = Task.Run(() => activation.InferAsync(PileUp.Request(7)).AsTask());
        entered.Wait();
        var piled = Enumerable.Range(1, 3).Select(i => activation.InferAsync(PileUp.Request(i)).AsTask()).ToArray();
        Assert.Equal(3, activation.Status.Queued);
        release.Set();

        (await busy).Dispose();
        Assert.Equal([2, 4, 6], (await Task.WhenAll(piled)).Select(result => TestBed.Numbers(result)[0]));
        Assert.Equal([1, 1, 1, 1, 3], sizes);
        foreach (var call in piled)
            (await call).Dispose();
    }

    [Fact]
    public async Task InferAsync_QuickModelWithoutInstances_JoinsWhatFindsEveryCoreBusy()
    {
        using var release = new ManualResetEventSlim();
        using var entered = new CountdownEvent(Environment.ProcessorCount);
        var joined = 0L;
        using var bed = new TestBed(new FakeLoader(_ => new FakeModule((_, arguments) =>
        {
            var x = (Tensor)arguments[0].Value;
            if (x.As<double>()[0] == 7)
            {
                entered.Signal();
                release.Wait();
            }

            Interlocked.Exchange(ref joined, Math.Max(Interlocked.Read(ref joined), x.Shape[0]));
            return FakeModule.Double(arguments);
        })));
        var activation = bed.Activate(TestBed.Definition with { Batching = Eight });
        await activation.WaitReadyAsync();

        var busy = Enumerable.Range(0, Environment.ProcessorCount).Select(_ => Task.Factory.StartNew(() => activation.InferAsync(PileUp.Request(7)).AsTask(), TaskCreationOptions.LongRunning).Unwrap()).ToArray();
        entered.Wait();
        var piled = Enumerable.Range(1, 3).Select(i => activation.InferAsync(PileUp.Request(i)).AsTask()).ToArray();
        Assert.Equal(3, activation.Status.Queued);
        release.Set();

        foreach (var call in busy.Concat(piled))
            (await call).Dispose();
        Assert.InRange(joined, 1, 3);
        Assert.Equal(Environment.ProcessorCount + 3, activation.Status.Statistics.Rows);
    }
}
