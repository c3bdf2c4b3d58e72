using Granary.Serving.Models;
using Granary.Torch;

namespace Granary.Serving.Tests.Activations;

public sealed class ResponseCachingTests
{
    private const int WarmUpCalls = 3;
    private static readonly ModelDefinition Cached = TestBed.Definition with { ResponseCache = true };

    [Theory]
    [InlineData(0)]
    [InlineData(200)]
    public async Task Infer_SameInputsAgain_AnswersWithoutTheModel(int inlineBelowMicroseconds)
    {
        using var bed = new TestBed(options: options => options.InlineBelow = TimeSpan.FromMicroseconds(inlineBelowMicroseconds), responseCacheBytes: 1 << 20);
        await using var activation = bed.Activate(Cached);

        for (var i = 0; i < 3; i++)
        {
            using var result = await activation.InferAsync(TestBed.Request(1, 2));
            Assert.Equal([2.0, 4.0], TestBed.Numbers(result));
            Assert.NotNull(result.Provenance);
        }

        using (var other = await activation.InferAsync(TestBed.Request(1, 3)))
            Assert.Equal([2.0, 6.0], TestBed.Numbers(other));
        var module = bed.Loader.Modules.Single();
        Assert.Equal(WarmUpCalls + 2, module.Calls);
        Assert.Equal(0, module.LiveResults);
        var statistics = activation.Status.Statistics;
        Assert.Equal((4, 2, 2, 2, 2), (statistics.Succeeded, statistics.CacheHits, statistics.CacheMisses, statistics.Rows, statistics.Executions));
        Assert.Equal(0, activation.Load);
        var snapshot = bed.Host.Snapshot().Single();
        Assert.Equal((2, 2, 4, 4), (snapshot.Cache!.Hits, snapshot.Cache.Misses, snapshot.Succeeded, snapshot.RequestDuration.Count));
        Assert.Equal(2, snapshot.ComputeDuration.Count);
        Assert.Equal(2, bed.Host.ReadResponseCache()!.Entries);
    }

    [Theory]
    [InlineData(true, 0)]
    [InlineData(false, 1 << 20)]
    public async Task Infer_ModelOrHostWithoutCache_ComputesEachTime(bool modelCaches, long bytes)
    {
        using var bed = new TestBed(responseCacheBytes: bytes);
        await using var activation = bed.Activate(Cached with { ResponseCache = modelCaches });

        (await activation.InferAsync(TestBed.Request(1, 2))).Dispose();
        (await activation.InferAsync(TestBed.Request(1, 2))).Dispose();

        Assert.Equal(WarmUpCalls + 2, bed.Loader.Modules.Single().Calls);
        var statistics = activation.Status.Statistics;
        Assert.Equal((2, 0, 0), (statistics.Succeeded, statistics.CacheHits, statistics.CacheMisses));
        Assert.Null(bed.Host.Snapshot().Single().Cache);
    }

    [Fact]
    public async Task Infer_AfterReload_ComputesAnew()
    {
        using var bed = new TestBed(responseCacheBytes: 1 << 20);
        await using var activation = bed.Activate(Cached);
        (await activation.InferAsync(TestBed.Request(1, 2))).Dispose();
        Assert.True(await activation.DrainAsync());
        Assert.Equal(0, bed.Host.ReadResponseCache()!.Entries);

        (await activation.InferAsync(TestBed.Request(1, 2))).Dispose();

        Assert.Equal(2, bed.Loader.Loads);
        Assert.Equal(WarmUpCalls + 1, bed.Loader.Modules.Last().Calls);
        Assert.Equal((0, 2), (activation.Status.Statistics.CacheHits, activation.Status.Statistics.CacheMisses));
    }

    [Fact]
    public async Task Infer_TwoModels_DoNotAnswerForEachOther()
    {
        using var bed = new TestBed(responseCacheBytes: 1 << 20);
        await using var first = bed.Activate(Cached);
        await using var second = bed.Activate(Cached with { Version = "2" });
        (await first.InferAsync(TestBed.Request(1, 2))).Dispose();
        (await second.InferAsync(TestBed.Request(1, 2))).Dispose();

        Assert.Equal(0, first.Status.Statistics.CacheHits + second.Status.Statistics.CacheHits);
    }

    [Fact]
    public async Task Infer_Failure_IsNotKept()
    {
        var fails = true;
        var module = new FakeModule((_, arguments) => fails ? throw new TorchException(TorchFailure.Model, "broken") : FakeModule.Double(arguments));
        using var bed = new TestBed(new FakeLoader(_ => module), responseCacheBytes: 1 << 20);
        await using var activation = bed.Activate(Cached);
        await Assert.ThrowsAsync<ServingException>(() => activation.InferAsync(TestBed.Request(1, 2)).AsTask());
        fails = false;

        using var result = await activation.InferAsync(TestBed.Request(1, 2));

        Assert.Equal([2.0, 4.0], TestBed.Numbers(result));
        var statistics = activation.Status.Statistics;
        Assert.Equal((1, 1, 0, 1), (statistics.Succeeded, statistics.Failed, statistics.CacheHits, statistics.CacheMisses));
    }

    [Fact]
    public async Task Infer_Deterministic_IsComputed()
    {
        using var bed = new TestBed(responseCacheBytes: 1 << 20);
        await using var activation = bed.Activate(Cached);
        (await activation.InferAsync(TestBed.Request(1, 2))).Dispose();

        (await activation.InferAsync(TestBed.Request(1, 2) with { Deterministic = true })).Dispose();

        Assert.Equal(WarmUpCalls + 2, bed.Loader.Modules.Single().Calls);
    }

    [Fact]
    public async Task Infer_JoinedRequests_EachIsKeptWithItsOwnRows()
    {
        using var bed = new TestBed(responseCacheBytes: 1 << 20);
        await using var activation = bed.Activate(Cached with { Instances = 1, Batching = new BatchingOptions { MaxBatchSize = 4 } });
        await activation.WaitReadyAsync();

        async Task<double[]> CallAsync(int i)
        {
            using var result = await activation.InferAsync(TestBed.Request(i, -i));
            return TestBed.Numbers(result);
        }

        for (var round = 0; round < 2; round++)
        {
            var answers = await Task.WhenAll(Enumerable.Range(0, 16).Select(i => Task.Run(() => CallAsync(i))));
            for (var i = 0; i < answers.Length; i++)
                Assert.Equal([2.0 * i, -2.0 * i], answers[i]);
        }

        Assert.Equal((16, 16), (activation.Status.Statistics.CacheHits, activation.Status.Statistics.CacheMisses));
        Assert.Equal(0, bed.Loader.Modules.Single().LiveResults);
    }

    [Fact]
    public async Task Infer_HitWhereOrderIsKept_WaitsForEarlierAnswers()
    {
        using var release = new ManualResetEventSlim(true);
        using var entered = new ManualResetEventSlim();
        var module = new FakeModule((_, arguments) =>
        {
            entered.Set();
            release.Wait();
            return FakeModule.Double(arguments);
        });
        using var bed = new TestBed(new FakeLoader(_ => module), responseCacheBytes: 1 << 20);
        await using var activation = bed.Activate(Cached with { Batching = new BatchingOptions { PreserveOrder = true } });
        (await activation.InferAsync(TestBed.Request(1, 2))).Dispose();
        release.Reset();
        entered.Reset();
        var slow = activation.InferAsync(TestBed.Request(5, 6)).AsTask();
        entered.Wait();

        var hit = activation.InferAsync(TestBed.Request(1, 2)).AsTask();

        Assert.Equal(1, activation.Status.Statistics.CacheHits);
        Assert.False(hit.IsCompleted);
        release.Set();
        using var first = await slow;
        using var second = await hit;
        Assert.Equal([2.0, 4.0], TestBed.Numbers(second));
    }

    [Fact]
    public void Validate_NegativeSize_IsRefused()
    {
        var result = new Granary.Serving.Responses.ResponseCacheOptionsValidator().Validate(null, new() { MaxBytes = -1 });

        Assert.Equal("ResponseCache:MaxBytes is -1; it must not be negative", result.FailureMessage);
    }
}
