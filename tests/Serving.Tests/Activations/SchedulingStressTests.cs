using Granary.Serving.Clusters;
using Granary.Serving.Models;

namespace Granary.Serving.Tests.Activations;

/// <summary>The batcher on real threads and the real clock.</summary>
public sealed class SchedulingStressTests
{
    [Theory]
    [InlineData(1, 0, false)]
    [InlineData(3, 0, false)]
    [InlineData(2, 1, false)]
    [InlineData(2, 0, true)]
    public async Task InferAsync_ManyCallers_EveryOneGetsItsOwnRowsAndCountsAreExact(int instances, int delayMilliseconds, bool ordered)
    {
        const int Callers = 16;
        const int Each = 400;
        var module = new FakeModule();
        using var bed = new TestBed(new FakeLoader(_ => module), options => options.InlineBelow = TimeSpan.FromMicroseconds(5), time: TimeProvider.System);
        var activation = bed.Activate(TestBed.Definition with
        {
            Instances = instances,
            Batching = new BatchingOptions
            {
                MaxBatchSize = 8,
                MaxQueueDelay = TimeSpan.FromMilliseconds(delayMilliseconds),
                PreferredSizes = [4, 8],
                PreserveOrder = ordered,
                Priorities = ordered ? 0 : 3,
                DefaultPriority = ordered ? 0 : 2,
            },
        });
        await activation.WaitReadyAsync();
        var (answered, rows, cancelled) = (0, 0L, 0);

        await Task.WhenAll(Enumerable.Range(0, Callers).Select(caller => Task.Run(async () =>
        {
            var random = new Random(caller);
            for (var i = 0; i < Each; i++)
            {
                var values = Enumerable.Range(0, random.Next(1, 10) * 2).Select(_ => (double)random.Next()).ToArray();
                using var source = new CancellationTokenSource();
                var call = activation.InferAsync(new InferenceRequest { Inputs = TestBed.Request(values).Inputs, Priority = (ulong)random.Next(0, 4) }, source.Token).AsTask();
                if (random.Next(10) == 0)
                    await source.CancelAsync();
                try
                {
                    using var result = await call;
                    Assert.Equal(values.Select(value => 2 * value), TestBed.Numbers(result));
                    Interlocked.Increment(ref answered);
                    Interlocked.Add(ref rows, values.Length / 2);
                }
                catch (OperationCanceledException)
                {
                    Interlocked.Increment(ref cancelled);
                }
            }
        })));

        var status = activation.Status;
        Assert.Equal(Callers * Each, answered + cancelled);
        Assert.Equal((answered, cancelled, rows), (status.Statistics.Succeeded, status.Statistics.Failed, status.Statistics.Rows));
        Assert.Equal((0, 0), (status.Queued, status.Running));
        // Three calls warmed it.
        Assert.Equal(module.Calls - 3, status.Statistics.Executions);
        Assert.Equal(status.Statistics.Executions, status.Statistics.Batches.Sum(batch => batch.Executions));
        Assert.Equal(rows, status.Statistics.Batches.Sum(batch => batch.Executions * batch.Size));
        Assert.InRange(module.MaxRunning, 1, instances);
        Assert.Equal(0, module.LiveResults);
        Assert.False(module.WasMisused);
        Assert.True(await activation.DrainAsync());
    }
}
