using Granary.Serving.Activations;
using Granary.Serving.Clusters;
using Granary.Serving.Models;

namespace Granary.Serving.Tests.Activations;

public sealed class ModelCountersTests
{
    [Fact]
    public void ToSnapshot_Observations_LandInTheirBuckets()
    {
        var counters = new ModelCounters(new ModelKey("m", "1"), new ManualClock());
        counters.Success(TimeSpan.FromMicroseconds(10).Ticks, 0, TimeSpan.FromMicroseconds(11).Ticks, 3, 0);
        counters.Success(TimeSpan.FromSeconds(61).Ticks, TimeSpan.FromMilliseconds(1).Ticks, TimeSpan.FromSeconds(60).Ticks, 1, 0);
        counters.Failure(ServingError.Overloaded, 0);
        counters.Execution(3, 7);
        counters.Loaded(TimeSpan.FromSeconds(2).Ticks);
        counters.LoadFailed();

        var snapshot = counters.ToSnapshot(ModelState.Ready, 4, 5, 6);

        Assert.Equal(LatencyBuckets.Count, snapshot.RequestDuration.Counts.Count);
        Assert.Equal((2, 1), (snapshot.RequestDuration.Counts[0], snapshot.RequestDuration.Counts[^1]));
        Assert.Equal((1, 1), (snapshot.ComputeDuration.Counts[1], snapshot.ComputeDuration.Counts[^2]));
        Assert.Equal((1, 1), (snapshot.QueueDuration.Counts[0], snapshot.QueueDuration.Counts[6]));
        Assert.Equal((3, 61.00001), (snapshot.RequestDuration.Count, snapshot.RequestDuration.SumSeconds));
        Assert.Equal([KeyValuePair.Create(ServingError.Overloaded, 1L)], snapshot.Failures);
        Assert.Equal((2, 4, 1, 1, 1, 2.0), (snapshot.Succeeded, snapshot.Rows, snapshot.Executions, snapshot.Loads, snapshot.LoadFailures, snapshot.LoadSeconds));
        Assert.Equal((4, 5, 6), (snapshot.Queued, snapshot.Running, snapshot.ResidentBytes));
    }

    [Fact]
    public async Task Success_ManyThreads_NothingIsLost()
    {
        var counters = new ModelCounters(new ModelKey("m", "1"), TimeProvider.System);

        await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => Task.Factory.StartNew(() =>
        {
            for (var i = 0; i < 10_000; i++)
                counters.Success(1, 1, 1, 2, i);
        }, TaskCreationOptions.LongRunning)));

        var statistics = counters.ToStatistics();
        Assert.Equal((160_000, 320_000), (statistics.Succeeded, statistics.Rows));
    }

    [Fact]
    public async Task Snapshot_ActivationReplaced_CountersGoOn()
    {
        using var bed = new TestBed();
        var first = bed.Activate();
        (await first.InferAsync(TestBed.Request(1, 1))).Dispose();
        await first.DisposeAsync();

        var second = bed.Activate(TestBed.Definition with { Instances = 3 });
        (await second.InferAsync(TestBed.Request(1, 1, 2, 2))).Dispose();

        var snapshot = Assert.Single(bed.Host.Snapshot());
        Assert.Equal((2, 3, 2), (snapshot.Succeeded, snapshot.Rows, snapshot.Loads));
        Assert.Equal((ModelState.Ready, 100), (snapshot.State, snapshot.ResidentBytes));
    }

    [Fact]
    public void ToStatistics_Batches_BySizeWithTheirParts()
    {
        var clock = new ManualClock();
        clock.Advance(TimeSpan.FromHours(1));
        var counters = new ModelCounters(new ModelKey("m", "1"), clock);
        Assert.Null(counters.ToStatistics().LastAnswerAt);

        counters.Execution(4, 1, 20, 3);
        counters.Execution(4, 10, 200, 30);
        counters.Execution(1, 5);
        counters.Execution(BatchCounters.Largest, 7);
        counters.Execution(BatchCounters.Largest + 1, 9);
        counters.Execution(0, 9);
        counters.Success(30, 6, 20, 2, clock.GetTimestamp() + 500);
        counters.Joined(1, 3);
        counters.Failure(ServingError.Cancelled, 11);

        var statistics = counters.ToStatistics();
        TimeSpan Ticks(long ticks) => new(ticks);
        Assert.Equal(
            [new(1, 1, default, Ticks(5), default), new(4, 2, Ticks(11), Ticks(220), Ticks(33)), new(BatchCounters.Largest, 1, default, Ticks(7), default)],
            statistics.Batches);
        Assert.Equal(6, statistics.Executions);
        Assert.Equal((Ticks(30), Ticks(11)), (statistics.SuccessTime, statistics.FailureTime));
        Assert.Equal((Ticks(6), Ticks(1), Ticks(20), Ticks(3)), (statistics.QueueTime, statistics.InputTime, statistics.ComputeTime, statistics.OutputTime));
        Assert.Equal(DateTimeOffset.UnixEpoch + TimeSpan.FromHours(1) + Ticks(500), statistics.LastAnswerAt);
    }

    [Fact]
    public void Sum_OfReplicas_AddsEverything()
    {
        ModelStatistics Of(int seed) => new()
        {
            Succeeded = seed,
            Failed = 2 * seed,
            Rows = 3 * seed,
            Executions = 4 * seed,
            Loads = 5 * seed,
            SuccessTime = new TimeSpan(6 * seed),
            FailureTime = new TimeSpan(7 * seed),
            QueueTime = new TimeSpan(8 * seed),
            InputTime = new TimeSpan(9 * seed),
            ComputeTime = new TimeSpan(10 * seed),
            OutputTime = new TimeSpan(11 * seed),
            CacheHits = 12 * seed,
            CacheHitTime = new TimeSpan(13 * seed),
            CacheMisses = 14 * seed,
            CacheMissTime = new TimeSpan(15 * seed),
        };
        BatchStatistics Batch(int size, int seed) => new(size, seed, new TimeSpan(seed), new TimeSpan(2 * seed), new TimeSpan(3 * seed));
        var late = DateTimeOffset.UnixEpoch.AddDays(1);

        var sum = ModelStatistics.Sum(
        [
            Of(1) with { LastAnswerAt = late, Batches = [Batch(1, 1), Batch(8, 2)] },
            Of(10) with { LastAnswerAt = DateTimeOffset.UnixEpoch, Batches = [Batch(2, 3), Batch(8, 4)] },
            Of(100),
        ]);

        Assert.Equal([Batch(1, 1), Batch(2, 3), Batch(8, 6)], sum.Batches);
        Assert.Equal(Of(111) with { LastAnswerAt = late, Batches = sum.Batches }, sum);
    }
}
