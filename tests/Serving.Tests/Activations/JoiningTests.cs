using Granary.Serving.Clusters;
using Granary.Serving.Models;
using Granary.Torch;

namespace Granary.Serving.Tests.Activations;

/// <summary>Which requests share a call, whatever protocol they came over.</summary>
public sealed class JoiningTests
{
    private static readonly BatchingOptions Eight = new() { MaxBatchSize = 8 };
    private static readonly ArgumentSchema[] Two = [new("x", "Tensor", false, null), new("y", "Tensor", false, null)];

    private static Tensor Rows(params double[] values) => Tensor.From<double>(DType.Float64, [values.Length, 1], values);

    private static InferenceRequest Named(params (string? Name, Tensor Value)[] inputs) =>
        new() { Inputs = [.. inputs.Select(input => new Argument(input.Name, input.Value))] };

    private static InferenceRequest Dict(params (string Name, Value Value)[] entries) => new()
    {
        Inputs = [new Argument(null, new DictValue([.. entries.Select(entry => KeyValuePair.Create<Value, Value>(new StringValue(entry.Name), entry.Value))]))],
    };

    private static Value Subtract(Argument[] arguments)
    {
        Assert.Equal([null, null], arguments.Select(argument => argument.Name));
        var (x, y) = ((Tensor)arguments[0].Value, (Tensor)arguments[1].Value);
        var z = Tensor.Rent(DType.Float64, x.Shape);
        for (var i = 0; i < x.ElementCount; i++)
            z.As<double>()[i] = x.As<double>()[i] - y.As<double>()[i];
        return z;
    }

    [Fact]
    public async Task InferAsync_ByPlaceByNameAndInOtherOrder_ShareACall()
    {
        await using var pile = await PileUp.StartAsync(Eight, Subtract, definition => definition with { Inputs = [new("x", DType.Float64, [-1, 1]), new("y", DType.Float64, [-1, 1])] }, Two);
        var calls = new[]
        {
            pile.Send(Named((null, Rows(10)), (null, Rows(1)))),
            pile.Send(Named(("x", Rows(20)), ("y", Rows(2)))),
            pile.Send(Named(("y", Rows(3)), ("x", Rows(30)))),
            pile.Send(Named((null, Rows(40)), ("y", Rows(4)))),
        };

        await pile.ReleaseAsync();

        Assert.Equal([9, 18, 27, 36], (await Task.WhenAll(calls)).Select(result => TestBed.Numbers(result)[0]));
        Assert.Equal(["10 20 30 40"], pile.Batches);
        foreach (var call in calls)
            (await call).Dispose();
    }

    [Fact]
    public async Task InferAsync_Dictionaries_AreJoinedByKeyWhereKeysAndShapesAgree()
    {
        static Value Body(Argument[] arguments)
        {
            var dict = (DictValue)arguments[0].Value;
            return new DictValue([.. dict.Entries.Select(entry => KeyValuePair.Create(entry.Key, FakeModule.Double([new Argument(null, entry.Value)])))]);
        }

        await using var pile = await PileUp.StartAsync(Eight, Body, definition => definition with { Inputs = [] }, [new("inputs", "Dict(str, Tensor)", false, null)]);
        // The first request warms the model.
        var calls = new[]
        {
            pile.Send(Dict(("a", Rows(1)), ("b", Rows(10)))),
            pile.Send(Dict(("b", Rows(20, 21)), ("a", Rows(2, 3)))),
            pile.Send(Dict(("a", Rows(4)))),
            pile.Send(Dict(("a", Rows(5)), ("c", Rows(50)))),
            pile.Send(Dict(("a", Rows(6)), ("c", Rows(60, 61)))),
            pile.Send(Dict(("a", Rows(7)), ("a", Rows(70)))),
            pile.Send(Dict(("a", new IntValue(1)))),
        };

        await pile.ReleaseAsync();
        var texts = new List<string>();
        foreach (var call in calls[..6])
        {
            using var result = await call;
            texts.Add(string.Join("; ", ((DictValue)result.Value).Entries.Select(entry => $"{((StringValue)entry.Key).Text}={string.Join(' ', ((Tensor)entry.Value).As<double>().ToArray())}")));
        }

        await Assert.ThrowsAsync<ServingException>(() => calls[6]);
        Assert.Equal(["a=2; b=20", "a=4 6; b=40 42", "a=8", "a=10; c=100", "a=12; c=120 122", "a=14; a=140"], texts);
        Assert.Equal("a=1 2 3; b=10 20 21", pile.Batches[0]);
        Assert.Equal(["a=4", "a=5; c=50", "a=6; c=60 61", "a=7; a=70"], pile.Batches[1..5]);
    }

    [Fact]
    public async Task InferAsync_BrainFloats_AreJoinedBitByBit()
    {
        static Value Copy(Argument[] arguments)
        {
            var x = (Tensor)arguments[0].Value;
            var y = Tensor.Rent(x.DType, x.Shape);
            x.Bytes.CopyTo(y.Bytes);
            return new ListValue([y]);
        }

        await using var pile = await PileUp.StartAsync(Eight, Copy, definition => definition with { Inputs = [new("x", DType.BFloat16, [-1, 2])] });
        var calls = Enumerable.Range(0, 3).Select(i => pile.Send(Named((null, Tensor.From<ushort>(DType.BFloat16, [1, 2], [(ushort)(0x3f80 + i), (ushort)i]))))).ToArray();

        await pile.ReleaseAsync();
        await Task.WhenAll(calls);

        Assert.Equal(["bfloat16[3,2]"], pile.Batches);
        for (var i = 0; i < calls.Length; i++)
        {
            using var result = await calls[i];
            var part = (Tensor)Assert.Single(((ListValue)result.Value).Items);
            Assert.Equal([(ushort)(0x3f80 + i), (ushort)i], part.As<ushort>().ToArray());
        }
    }

    [Fact]
    public async Task InferAsync_Lists_AreNotJoined()
    {
        static Value Body(Argument[] arguments) => FakeModule.Double([new Argument(null, ((ListValue)arguments[0].Value).Items[0])]);
        await using var pile = await PileUp.StartAsync(Eight, Body, definition => definition with { Inputs = [] }, [new("inputs", "List[Tensor]", false, null)]);

        await pile.ReleaseAsync([.. Enumerable.Range(1, 3).Select(i => pile.Send(new InferenceRequest { Inputs = [new Argument(null, new ListValue([Rows(i)]))] }))]);

        Assert.All(pile.Batches, batch => Assert.Equal("List", batch));
        Assert.Equal(3, pile.Activation.Status.Statistics.Executions - 1);
    }

    [Fact]
    public async Task InferAsync_Batch_StatisticsOfEveryPart()
    {
        ManualClock? clock = null;
        await using var pile = await PileUp.StartAsync(Eight, arguments =>
        {
            clock?.Advance(TimeSpan.FromMilliseconds(10));
            return FakeModule.Double(arguments);
        });
        clock = pile.Clock;
        var calls = new[] { pile.Send(PileUp.Request(1)), pile.Send(PileUp.Request(2, rows: 3)) };
        clock.Advance(TimeSpan.FromMilliseconds(5));
        await pile.ReleaseAsync(calls);

        var statistics = pile.Activation.Status.Statistics;
        Assert.Equal((3, 5, 2), (statistics.Succeeded, statistics.Rows, statistics.Executions));
        // The call that kept the instance busy took the first 5 ms; both requests waited these and ran 10.
        Assert.Equal(TimeSpan.FromMilliseconds(5 + (2 * 15)), statistics.SuccessTime);
        Assert.Equal((TimeSpan.FromMilliseconds(10), TimeSpan.FromMilliseconds(25)), (statistics.QueueTime, statistics.ComputeTime));
        Assert.Equal(
            [new(1, 1, default, TimeSpan.FromMilliseconds(5), default), new(4, 1, default, TimeSpan.FromMilliseconds(10), default)],
            statistics.Batches);
        Assert.Equal(DateTimeOffset.UnixEpoch.AddMilliseconds(15), statistics.LastAnswerAt);
    }
}
