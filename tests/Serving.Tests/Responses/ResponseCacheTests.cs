using Granary.Serving.Responses;
using Granary.Torch;

namespace Granary.Serving.Tests.Responses;

public sealed class ResponseCacheTests
{
    private static readonly long OneAnswer = CachedResponse.Measure(Answer(0));

    [Fact]
    public void Open_NoBytes_IsNothing() => Assert.Null(new ResponseCache(new ResponseCacheOptions()).Open());

    [Fact]
    public void TryGet_WhatWasAddedAndIsGone_IsThere()
    {
        using var scope = Open(10);
        var answer = Answer(1);
        scope.Add(Digest(1), answer);
        answer.Dispose();
        using var next = Answer(9);

        Assert.True(scope.TryGet(Digest(1), out var found));
        Assert.Equal([1.0, 1.5], ((Tensor)found).As<double>().ToArray());
        Assert.False(scope.TryGet(Digest(2), out _));
        found.Dispose();
    }

    [Fact]
    public void Add_ForeignMemory_IsCopied()
    {
        using var scope = Open(10);
        using (var answer = Answer(3))
        {
            // As libtorch's: not of the pool.
            scope.Add(Digest(1), new TupleValue([new Tensor(DType.Float64, [2], answer.Data, owner: null), new StringValue("text")]));
            answer.Bytes.Clear();
        }

        Assert.True(scope.TryGet(Digest(1), out var found));
        var items = ((TupleValue)found).Items;
        Assert.Equal([3.0, 3.5], ((Tensor)items[0]).As<double>().ToArray());
        Assert.Equal("text", ((StringValue)items[1]).Text);
        found.Dispose();
    }

    [Fact]
    public void Add_BeyondTheBytes_WhatWasUsedLongestAgoLeaves()
    {
        var cache = new ResponseCache(new ResponseCacheOptions { MaxBytes = 3 * OneAnswer });
        using var scope = cache.Open()!;
        for (var i = 1; i <= 3; i++)
            Add(scope, i);
        Assert.True(Holds(scope, 1));
        Add(scope, 4);

        Assert.Equal([true, false, true, true], new[] { 1, 2, 3, 4 }.Select(i => Holds(scope, i)));
        Assert.Equal(new ResponseCacheSnapshot(3, 3 * OneAnswer, 3 * OneAnswer, 1), cache.Snapshot());
    }

    [Fact]
    public void Add_OneForWhichManyLeave_TakesNoMoreThanThereIs()
    {
        var cache = new ResponseCache(new ResponseCacheOptions { MaxBytes = 100 * OneAnswer });
        using var scope = cache.Open()!;
        for (var i = 0; i < 100; i++)
            Add(scope, i);
        using (var large = Tensor.Rent(DType.UInt8, [16384]))
            scope.Add(Digest(1000), large);

        Assert.True(Holds(scope, 1000));
        var held = cache.Snapshot();
        Assert.InRange(held.Bytes, 16384, held.MaxBytes);
        Assert.Equal(101, held.Entries + held.Evictions);
    }

    [Fact]
    public void Add_LargerThanTheCache_IsNotKeptAndNothingLeaves()
    {
        var cache = new ResponseCache(new ResponseCacheOptions { MaxBytes = 2 * OneAnswer });
        using var scope = cache.Open()!;
        Add(scope, 1);
        using (var large = Tensor.Rent(DType.UInt8, [16384]))
            scope.Add(Digest(2), large);

        Assert.Equal(new ResponseCacheSnapshot(1, OneAnswer, 2 * OneAnswer, 0), cache.Snapshot());
    }

    [Fact]
    public void Add_Twice_CountsOnce()
    {
        var cache = new ResponseCache(new ResponseCacheOptions { MaxBytes = 10 * OneAnswer });
        using var scope = cache.Open()!;
        Add(scope, 1);
        Add(scope, 1);

        Assert.Equal(OneAnswer, cache.Snapshot().Bytes);
    }

    [Fact]
    public void Dispose_OneScope_OthersKeepTheirs()
    {
        var cache = new ResponseCache(new ResponseCacheOptions { MaxBytes = 10 * OneAnswer });
        using var kept = cache.Open()!;
        var closed = cache.Open()!;
        Add(kept, 1);
        Add(closed, 1);
        Add(closed, 2);
        closed.Dispose();
        Add(closed, 3);

        Assert.Equal(new ResponseCacheSnapshot(1, OneAnswer, 10 * OneAnswer, 0), cache.Snapshot());
        Assert.True(Holds(kept, 1));
        Assert.False(Holds(closed, 3));
    }

    [Fact]
    public void TryGet_AnswerThatLeavesMeanwhile_StaysReadable()
    {
        var cache = new ResponseCache(new ResponseCacheOptions { MaxBytes = OneAnswer });
        using var scope = cache.Open()!;
        Add(scope, 1);
        Assert.True(scope.TryGet(Digest(1), out var held));
        Add(scope, 2);
        // Were the memory in the pool again, one of these would get it.
        var others = Enumerable.Range(0, 100).Select(static _ => Answer(7)).ToList();

        Assert.False(Holds(scope, 1));
        Assert.Equal([1.0, 1.5], ((Tensor)held).As<double>().ToArray());
        held.Dispose();
        others.ForEach(static other => other.Dispose());
    }

    [Fact]
    public async Task AddAndGet_ManyThreadsAndTooLittleRoom_NeverAWrongAnswer()
    {
        var cache = new ResponseCache(new ResponseCacheOptions { MaxBytes = 8 * OneAnswer });
        using var scope = cache.Open()!;
        await Task.WhenAll(Enumerable.Range(0, 4).Select(seed => Task.Run(() =>
        {
            var random = new Random(seed);
            for (var i = 0; i < 20_000; i++)
            {
                var number = random.Next(16);
                if (scope.TryGet(Digest(number), out var found))
                {
                    Assert.Equal(number, ((Tensor)found).As<double>()[0]);
                    found.Dispose();
                }
                else
                {
                    Add(scope, number);
                }
            }
        })));

        var held = cache.Snapshot();
        Assert.Equal(8, held.Entries);
        Assert.Equal(8 * OneAnswer, held.Bytes);
    }

    private static ResponseScope Open(int answers) => new ResponseCache(new ResponseCacheOptions { MaxBytes = answers * 2 * OneAnswer }).Open()!;

    private static Tensor Answer(double number) => Tensor.From<double>(DType.Float64, [2], [number, number + 0.5]);

    private static RequestDigest Digest(int number) => new(number, 0);

    private static void Add(ResponseScope scope, int number)
    {
        using var answer = Answer(number);
        scope.Add(Digest(number), answer);
    }

    private static bool Holds(ResponseScope scope, int number)
    {
        var holds = scope.TryGet(Digest(number), out var found);
        found?.Dispose();
        return holds;
    }
}
