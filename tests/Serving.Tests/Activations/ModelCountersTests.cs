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
        counters.Success(TimeSpan.FromMicroseconds(10).Ticks, 0, TimeSpan.FromMicroseconds(11).Ticks, 3);
        counters.Success(TimeSpan.FromSeconds(61).Ticks, TimeSpan.FromMilliseconds(1).Ticks, TimeSpan.FromSeconds(60).Ticks, 1);
        counters.Failure(ServingError.Overloaded, 0);
        counters.Execution();
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
                counters.Success(1, 1, 1, 2);
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
}
