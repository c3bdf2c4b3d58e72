using FsCheck;
using FsCheck.Fluent;
using Granary.Serving.Activations;
using Granary.Serving.Clusters;
using Granary.Serving.Models;
using Granary.Torch;

namespace Granary.Serving.Tests.Activations;

/// <summary>The rules of the batcher on a queue that nobody serves. One unit of time is a tick.</summary>
public sealed class BatchFormerTests
{
    private static readonly BatchingOptions Eight = new() { MaxBatchSize = 8 };

    private static QueuedCall Call(int rows, int priority = 0, long queued = 0, long lateFrom = long.MaxValue, int columns = 1)
    {
        var input = Tensor.From<float>(DType.Float32, [Math.Max(rows, 1), columns], new float[Math.Max(rows, 1) * columns]);
        return new QueuedCall(null!, new InferenceRequest { Inputs = [] }, [new Argument(null, input)], rows, queued) { Priority = priority, LateFrom = lateFrom };
    }

    private static (CallQueue Queue, BatchFormer Former) Make(BatchingOptions options, params QueuedCall[] calls)
    {
        var queue = new CallQueue(options);
        foreach (var call in calls)
            queue.Append(call);
        return (queue, new BatchFormer(options, new ManualClock()));
    }

    private static BatchPlan Plan(BatchingOptions options, long now, params QueuedCall[] calls)
    {
        var (queue, former) = Make(options, calls);
        return former.Plan(queue, options.MaxBatchSize, now);
    }

    private static BatchPlan Plan(BatchingOptions options, params int[] rows) => Plan(options, 0, [.. rows.Select(count => Call(count))]);

    private static List<QueuedCall> Take(CallQueue queue, BatchPlan plan, long now)
    {
        var calls = new List<QueuedCall>();
        for (var call = queue.Take(plan, now).First; call is not null; call = call.Next)
            calls.Add(call);
        return calls;
    }

    [Fact]
    public void Plan_NobodyWaits_Nothing() => Assert.Equal(new BatchPlan(0, 0, 0), Plan(Eight));

    [Theory]
    [InlineData(new[] { 3, 3, 3 }, 2, 6)]
    [InlineData(new[] { 3, 3, 2, 1 }, 3, 8)]
    [InlineData(new[] { 7, 2, 1 }, 1, 7)]
    [InlineData(new[] { 0, 1 }, 1, 0)]
    [InlineData(new[] { 1, 0, 1 }, 1, 1)]
    public void Plan_NoDelay_TakesWhatFitsWithoutSplitting(int[] rows, int calls, int total) =>
        Assert.Equal(new BatchPlan(calls, total, 0), Plan(Eight, rows));

    [Theory]
    // The largest preferred size on the way.
    [InlineData(new[] { 1, 1, 1, 1, 1 }, 4, 4)]
    [InlineData(new[] { 2, 2, 1, 1, 1 }, 5, 7)]
    [InlineData(new[] { 1, 1, 1 }, 3, 3)]
    // None can be reached exactly: as many as stay below the largest.
    [InlineData(new[] { 3, 2, 3 }, 2, 5)]
    [InlineData(new[] { 5, 3 }, 1, 5)]
    public void Plan_PreferredSizes_LargestReached(int[] rows, int calls, int total) =>
        Assert.Equal(new BatchPlan(calls, total, 0), Plan(Eight with { PreferredSizes = [4, 7] }, rows));

    [Fact]
    public void Plan_OtherShape_EndsTheBatchAtOnce()
    {
        var delayed = Eight with { MaxQueueDelay = TimeSpan.FromTicks(100) };

        Assert.Equal(new BatchPlan(2, 2, 0), Plan(delayed, 0, Call(1), Call(1), Call(1, columns: 2), Call(1)));
        Assert.Equal(new BatchPlan(2, 2, 100), Plan(delayed, 0, Call(1), Call(1)));
    }

    [Fact]
    public void Plan_Delay_WaitsForTheOldestUnlessPreferredOrFull()
    {
        var options = Eight with { MaxQueueDelay = TimeSpan.FromTicks(100), PreferredSizes = [4] };

        Assert.Equal(new BatchPlan(2, 3, 70), Plan(options, 40, Call(2, queued: 10), Call(1, queued: 20)));
        Assert.Equal(new BatchPlan(2, 3, 0), Plan(options, 110, Call(2, queued: 10), Call(1, queued: 20)));
        Assert.Equal(new BatchPlan(2, 4, 0), Plan(options, 40, Call(2, queued: 10), Call(2, queued: 20), Call(1, queued: 30)));
        // Beyond the delay everything that fits goes.
        Assert.Equal(new BatchPlan(3, 5, 0), Plan(options, 110, Call(2, queued: 10), Call(2, queued: 20), Call(1, queued: 30)));
    }

    [Fact]
    public void Plan_DelayAndTimeout_LooksAgainAtTheCloser() =>
        Assert.Equal(new BatchPlan(2, 2, 30), Plan(Eight with { MaxQueueDelay = TimeSpan.FromTicks(100) }, 40, Call(1, queued: 10), Call(1, queued: 20, lateFrom: 70)));

    [Fact]
    public void Plan_LateCalls_GoBehindThoseOfTheirPriority()
    {
        var options = Eight with { Priorities = 2, DefaultPriority = 1 };
        var late = Call(1, 1, lateFrom: 5);
        var second = Call(1, 1);
        var low = Call(1, 2);
        var (queue, former) = Make(options, late, low, second);

        Assert.Equal([late, second, low], Walk(queue, 4));
        Assert.Equal([second, late, low], Walk(queue, 5));
        Assert.Equal([second, late, low], Take(queue, former.Plan(queue, 8, 6), 6));
        Assert.Equal(0, queue.Count);
    }

    private static List<QueuedCall> Walk(CallQueue queue, long now)
    {
        var calls = new List<QueuedCall>();
        for (var call = queue.Next(null, now); call is not null; call = queue.Next(call, now))
            calls.Add(call);
        return calls;
    }

    [Fact]
    public void WaitingIn_Tickets_CountForTheFirstLanes()
    {
        var options = Eight with { Priorities = 3, DefaultPriority = 1 };
        var calls = new[] { Call(1, 1), Call(1, 2), Call(1, 2), Call(1, 3) };
        var (queue, _) = Make(options, calls);

        Assert.Equal(2, queue.WaitingIn(calls[1].Lane!, 0));
        Assert.Equal(2, queue.WaitingIn(calls[1].Lane!, 1));
        Assert.Equal(1, queue.WaitingIn(calls[1].Lane!, 2));
        Assert.Equal(0, queue.WaitingIn(calls[1].Lane!, 9));
        Assert.Equal(1, queue.WaitingIn(calls[3].Lane!, 3));
    }

    [Fact]
    public void PriorityOf_UnknownOrNone_IsTheDefault()
    {
        var queue = new CallQueue(Eight with { Priorities = 3, DefaultPriority = 2 });

        Assert.Equal([2, 1, 3, 2, 2], new[] { 0UL, 1UL, 3UL, 4UL, ulong.MaxValue }.Select(queue.PriorityOf));
        Assert.Equal(0, new CallQueue(Eight).PriorityOf(1));
    }

    [Theory]
    [InlineData(0, false, 5, null)]
    [InlineData(0, true, 5, 5)]
    [InlineData(10, false, 5, 10)]
    [InlineData(10, true, 5, 5)]
    [InlineData(10, true, 20, 10)]
    [InlineData(10, true, 0, 10)]
    [InlineData(10, true, null, 10)]
    public void TimeoutOf_OfARequest_OnlyLowers(int own, bool allowed, int? asked, int? expected)
    {
        var policy = new QueuePolicy { Timeout = TimeSpan.FromSeconds(own), AllowTimeoutOverride = allowed };

        Assert.Equal(expected is { } seconds ? TimeSpan.FromSeconds(seconds) : (TimeSpan?)null, policy.TimeoutOf(asked is { } given ? TimeSpan.FromSeconds(given) : null));
    }

    [Fact]
    public void Plan_AnyQueue_BatchesAreWholeInOrderAndWithinTheLimit()
    {
        var call = from rows in Gen.Choose(0, 8)
                   from priority in Gen.Choose(1, 40)
                   from columns in Gen.Frequency((6, Gen.Constant(1)), (1, Gen.Constant(2)))
                   from late in Gen.Frequency((5, Gen.Constant(long.MaxValue)), (1, Gen.Choose(0, 20).Select(at => (long)at)))
                   select (rows, priority, columns, late);
        var options = from preferred in Gen.Choose(1, 8).ArrayOf()
                      from delay in Gen.Elements(0, 30)
                      select Eight with { PreferredSizes = preferred, MaxQueueDelay = TimeSpan.FromTicks(delay), Priorities = 40, DefaultPriority = 1 };
        Prop.ForAll(call.ArrayOf().ToArbitrary(), options.ToArbitrary(), (mix, batching) =>
        {
            const long Now = 10;
            var calls = mix.Select((item, i) => Call(item.rows, item.priority, i, item.late, item.columns)).ToArray();
            var (queue, former) = Make(batching, calls);
            var taken = new List<QueuedCall>();
            while (queue.Count > 0)
            {
                var now = Now;
                var plan = former.Plan(queue, 8, now);
                // Whoever waits is due once the delay is over.
                if (!plan.IsDue)
                    plan = former.Plan(queue, 8, now = 1000);
                Assert.True(plan.IsDue);
                Assert.Equal(0, plan.Wait);
                var batch = Take(queue, plan, now);
                Assert.Equal(plan.Rows, batch.Sum(one => one.Rows));
                Assert.InRange(plan.Rows, 0, 8);
                Assert.True(batch.Count == 1 || batch.All(one => BatchJoiner.Match(batch[0], one)));
                taken.AddRange(batch);
            }

            Assert.Equal(calls.ToHashSet(), taken.ToHashSet());
            Assert.Equal(calls.Length, taken.Count);
            // By priority; within one by arrival, those that ever waited too long aside.
            Assert.Equal(taken.OrderBy(one => one.Priority), taken);
            var inTime = taken.Where(one => one.LateFrom == long.MaxValue).ToList();
            Assert.Equal(inTime.OrderBy(one => one.Priority).ThenBy(one => one.Queued), inTime);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(300));
    }
}
