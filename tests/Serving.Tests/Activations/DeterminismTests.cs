using Granary.Serving.Models;
using Granary.Serving.Tests.Support;
using Granary.Torch;

namespace Granary.Serving.Tests.Activations;

/// <summary>They keep every core busy for half a minute and hold modules that other classes count, so they run alone.</summary>
[CollectionDefinition(nameof(DeterminismTests), DisableParallelization = true)]
public sealed class DeterminismCollection;

/// <summary>A deterministic call returns the same bits, whatever else goes on and however the process was started.</summary>
[Collection(nameof(DeterminismTests))]
public sealed class DeterminismTests
{
    public static TheoryData<int> CallNumbers => new(Enumerable.Range(0, DeterministicHost.Calls.Count));

    [Theory]
    [MemberData(nameof(CallNumbers))]
    public async Task InferAsync_ThousandTimesAmongOthers_SameBits(int number)
    {
        var call = DeterministicHost.Calls[number];
        using var host = new DeterministicHost();
        await using var activation = host.Activate(call.File, definition => definition with
        {
            Instances = 3,
            Batching = new BatchingOptions { MaxBatchSize = 16, MaxQueueDelay = TimeSpan.FromMilliseconds(1) },
        });
        using var input = call.MakeInput(0);
        var small = call with { Shape = [2, .. call.Shape.AsSpan(1)] };
        using var ended = new CancellationTokenSource();
        // Rows of other requests, which may be joined with one another and must not be with ours.
        var others = Enumerable.Range(1, 3).Select(i => Task.Run(async () =>
        {
            using var other = small.MakeInput((uint)i);
            while (!ended.IsCancellationRequested)
                await DeterministicHost.AskAsync(activation, call.Method, other, deterministic: false);
        })).ToArray();

        var answers = new HashSet<string>();
        for (var i = 0; i < call.Repeat; i++)
            answers.Add(await DeterministicHost.AskAsync(activation, call.Method, input, deterministic: true));

        await ended.CancelAsync();
        await Task.WhenAll(others);
        Assert.Single(answers);
    }

    [Fact]
    public async Task InferAsync_SeveralCallersAtOnce_SameBits()
    {
        using var host = new DeterministicHost();
        foreach (var call in DeterministicHost.Calls)
        {
            await using var activation = host.Activate(call.File);
            var answers = await Task.WhenAll(Enumerable.Range(0, 32).Select(i => Task.Run(async () =>
            {
                using var input = call.MakeInput(0);
                return await DeterministicHost.AskAsync(activation, call.Method, input, deterministic: true);
            })));

            Assert.Single(answers.Distinct());
        }
    }

    [Fact]
    public async Task InferAsync_LoadedAgain_SameBitsFromTheFirstCallOn()
    {
        using var host = new DeterministicHost();
        foreach (var call in DeterministicHost.Calls)
        {
            await using var activation = host.Activate(call.File);
            using var input = call.MakeInput(0);
            var answers = new HashSet<string>();
            for (var stay = 0; stay < 3; stay++)
            {
                for (var i = 0; i < 5; i++)
                    answers.Add(await DeterministicHost.AskAsync(activation, call.Method, input, deterministic: true));
                Assert.True(await activation.DrainAsync());
            }

            Assert.Single(answers);
        }
    }

    [Fact]
    public async Task InferAsync_InputAtAnyAddress_SameBits()
    {
        using var host = new DeterministicHost();
        foreach (var call in DeterministicHost.Calls)
        {
            await using var activation = host.Activate(call.File);
            var answers = new HashSet<string>();
            foreach (var offset in new[] { 0, 8, 16, 32, 40, 56 })
            {
                using var input = call.MakeInput(0, offset);
                answers.Add(await DeterministicHost.AskAsync(activation, call.Method, input, deterministic: true));
            }

            Assert.Single(answers);
        }
    }

    [Fact]
    public async Task InferAsync_InlineOrQueued_SameBits()
    {
        var call = DeterministicHost.Calls[^1];
        var answers = new HashSet<string>();
        foreach (var below in new[] { TimeSpan.Zero, TimeSpan.FromSeconds(1) })
        {
            using var host = new DeterministicHost(options => options.InlineBelow = below);
            await using var activation = host.Activate(call.File);
            using var input = call.MakeInput(0);
            for (var i = 0; i < 10; i++)
                answers.Add(await DeterministicHost.AskAsync(activation, call.Method, input, deterministic: true));
        }

        Assert.Single(answers);
    }

    [Fact]
    public async Task InferAsync_ProcessesWithOtherThreadsAndOptimization_SameBits()
    {
        var one = await RunAsync("1", deterministic: true, optimize: false);

        Assert.Equal(DeterministicHost.Calls.Count, one.Length - 1);
        Assert.Equal("threads 1", one[^1]);
        foreach (var (threads, optimize) in new[] { ("2", false), ("4", false), ("4", true), ("1", true), (null, false) })
        {
            var other = await RunAsync(threads, deterministic: true, optimize);
            Assert.Equal("threads " + (threads ?? "1"), other[^1]);
            Assert.Equal(one[..^1], other[..^1]);
        }
    }

    [Fact]
    public async Task InferAsync_NotDeterministicOnFourThreads_OtherBits()
    {
        var one = await RunAsync("1", deterministic: true, optimize: false);
        var four = await RunAsync("4", deterministic: false, optimize: false);

        // Else the test above would prove nothing: sums over four pieces round in another way.
        Assert.NotEqual(one[..^1], four[..^1]);
    }

    [Fact]
    public async Task InferAsync_NotDeterministicOptimized_OtherBits()
    {
        var plain = await RunAsync("1", deterministic: true, optimize: true);
        var optimized = await RunAsync("1", deterministic: false, optimize: true);

        Assert.NotEqual(plain[..^1], optimized[..^1]);
    }

    [Fact]
    public async Task InferAsync_ModelsOwnThreads_AreWhatTheProcessWouldHaveGivenIt()
    {
        var one = await RunAsync("1", deterministic: false, optimize: false);
        var four = await RunAsync("4", deterministic: false, optimize: false);
        var own = await RunAsync("1", deterministic: false, optimize: false, intraOpThreads: 4);
        var less = await RunAsync("4", deterministic: false, optimize: false, intraOpThreads: 1);

        Assert.NotEqual(one[..^1], four[..^1]);
        // What a model forks runs on a thread of the process, which keeps the number of the process.
        var forked = DeterministicHost.Calls.ToList().FindIndex(static call => call.Method == "forked");
        Assert.Equal(Without(four, forked), Without(own, forked));
        Assert.Equal(Without(one, forked), Without(less, forked));
        // Afterwards a thread is as it was.
        Assert.Equal("threads 1", own[^1]);
        Assert.Equal("threads 4", less[^1]);

        static IEnumerable<string> Without(string[] lines, int index) => lines[..^1].Where((_, i) => i != index);
    }

    [Fact]
    public async Task InferAsync_ModelsOwnThreadsButDeterministic_SameBits()
    {
        var one = await RunAsync("1", deterministic: true, optimize: false);
        var own = await RunAsync("1", deterministic: true, optimize: false, intraOpThreads: 4);

        Assert.Equal(one, own);
    }

    [Fact]
    public async Task InferAsync_DeterministicBesideAModelWithMoreThreads_SameBits()
    {
        using var host = new DeterministicHost();
        await using var wide = host.Activate("heavy.pt", static definition => definition with { Name = "wide", IntraOpThreads = 4, Instances = 2 });
        using var ended = new CancellationTokenSource();
        var large = new ModelCall("heavy.pt", "forward", DType.Float32, [256, 512]);
        var others = Enumerable.Range(1, 2).Select(i => Task.Run(async () =>
        {
            using var other = large.MakeInput((uint)i);
            while (!ended.IsCancellationRequested)
                await DeterministicHost.AskAsync(wide, large.Method, other, deterministic: false);
        })).ToArray();

        foreach (var call in DeterministicHost.Calls)
        {
            await using var activation = host.Activate(call.File);
            using var input = call.MakeInput(0);
            var answers = new HashSet<string>();
            for (var i = 0; i < 50; i++)
                answers.Add(await DeterministicHost.AskAsync(activation, call.Method, input, deterministic: true));
            Assert.Single(answers);
        }

        await ended.CancelAsync();
        await Task.WhenAll(others);
    }

    private static async Task<string[]> RunAsync(string? threads, bool deterministic, bool optimize, int intraOpThreads = 0)
    {
        using var child = new ChildProcess(start => start.Environment["OMP_NUM_THREADS"] = threads, "determinism", deterministic.ToString(), optimize.ToString(), intraOpThreads.ToString(System.Globalization.CultureInfo.InvariantCulture));
        var lines = new List<string>();
        while (await child.ReadLineAsync() is { } line)
            lines.Add(line);
        return [.. lines];
    }
}
