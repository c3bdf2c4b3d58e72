using FsCheck;
using FsCheck.Fluent;
using Granary.Serving.Clusters;
using Granary.Serving.Models;
using Granary.Torch;

namespace Granary.Serving.Tests.Activations;

public sealed class BatchingTests
{
    private static readonly ModelDefinition Batched = TestBed.Definition with
    {
        Instances = 1,
        Batching = new BatchingOptions { MaxBatchSize = 8 },
    };

    /// <summary>Row-wise: a tuple of the doubled rows and a dictionary with the sum of each row; a row that starts with a negative number raises.</summary>
    private static Value Rowwise(Argument[] arguments)
    {
        var x = (Tensor)arguments[0].Value;
        var sums = Tensor.Rent(x.DType, [x.Shape[0]]);
        for (var i = 0; i < x.Shape[0]; i++)
        {
            if (x.As<double>()[2 * i] < 0)
                throw new TorchException(TorchFailure.Model, "negative");
            sums.As<double>()[i] = x.As<double>()[2 * i] + x.As<double>()[(2 * i) + 1];
        }

        return new TupleValue([FakeModule.Double(arguments), new DictValue([KeyValuePair.Create<Value, Value>(new StringValue("sums"), sums)]), NoneValue.Instance]);
    }

    /// <summary>Sends all requests while the only instance is busy, so that they pile up.</summary>
    private static async Task<(FakeModule Module, Outcome[] Outcomes)> PileUpAsync(Func<Argument[], Value> body, ModelDefinition definition, IReadOnlyList<InferenceRequest> requests)
    {
        using var release = new ManualResetEventSlim();
        using var entered = new ManualResetEventSlim();
        var module = new FakeModule((method, arguments) =>
        {
            if (method == "wait")
            {
                entered.Set();
                release.Wait();
                return NoneValue.Instance;
            }

            return body(arguments);
        })
        {
            Methods = [new("forward", [new("x", "Tensor", false, null)], "Any"), new("wait", [], "None")],
        };
        using var bed = new TestBed(new FakeLoader(_ => module), options => options.InlineBelow = TimeSpan.Zero);
        var activation = bed.Activate(definition);
        await activation.WaitReadyAsync();
        var wait = activation.InferAsync(new InferenceRequest { Inputs = [], Method = "wait" }).AsTask();
        entered.Wait();
        var calls = requests.Select(request => activation.InferAsync(request).AsTask()).ToArray();
        release.Set();
        (await wait).Dispose();

        var outcomes = new List<Outcome>();
        foreach (var call in calls)
        {
            try
            {
                using var result = await call;
                outcomes.Add(new Outcome(Print(result.Value), null, result.Timing));
            }
            catch (ServingException exception)
            {
                outcomes.Add(new Outcome(null, exception.Error, default));
            }
        }

        await activation.DisposeAsync();
        Assert.Equal(0, module.LiveResults);
        Assert.False(module.WasMisused);
        return (module, outcomes.ToArray());
    }

    private static string Print(Value value) => value switch
    {
        Tensor { DType: not DType.Float64 } tensor => tensor.DType.TorchName(),
        Tensor tensor => $"[{string.Join(',', tensor.Shape.ToArray())}]:{string.Join(' ', tensor.As<double>().ToArray())}",
        TupleValue tuple => $"({string.Join("; ", tuple.Items.Select(Print))})",
        DictValue dict => $"{{{string.Join("; ", dict.Entries.Select(entry => ((StringValue)entry.Key).Text + "=" + Print(entry.Value)))}}}",
        _ => value.Kind,
    };

    [Fact]
    public async Task InferAsync_PiledUpRequests_AreJoinedInOrderUpToTheLimit()
    {
        var sizes = new List<long>();
        var requests = Enumerable.Range(0, 10).Select(i => TestBed.Request(i, i, i, i)).ToArray();

        var (module, outcomes) = await PileUpAsync(
            arguments =>
            {
                sizes.Add(((Tensor)arguments[0].Value).Shape[0]);
                return Rowwise(arguments);
            },
            Batched,
            requests);

        // Three warm-up calls, then 20 rows as 8, 8 and 4.
        Assert.Equal([1, 1, 1, 8, 8, 4], sizes);
        Assert.Equal(Enumerable.Range(0, 10).Select(i => $"([2,2]:{2 * i} {2 * i} {2 * i} {2 * i}; {{sums=[2]:{2 * i} {2 * i}}}; None)"), outcomes.Select(outcome => outcome.Answer));
        Assert.Equal(7, module.Calls);
    }

    [Fact]
    public void InferAsync_AnyMix_AnswersAreTheUnbatchedOnes()
    {
        var request = from rows in Gen.Choose(1, 10)
                      from first in Gen.Choose(-1, 12)
                      from deterministic in Gen.Frequency((4, Gen.Constant(false)), (1, Gen.Constant(true)))
                      select (rows, first, deterministic);
        Prop.ForAll(request.ArrayOf().ToArbitrary(), mix =>
        {
            InferenceRequest[] Requests() => mix.Select(item => new InferenceRequest
            {
                Inputs = TestBed.Request(Enumerable.Range(0, item.rows * 2).Select(i => (double)(i == 0 ? item.first : i)).ToArray()).Inputs,
                Deterministic = item.deterministic,
            }).ToArray();

            var (joined, batched) = PileUpAsync(Rowwise, Batched, Requests()).GetAwaiter().GetResult();
            var (alone, single) = PileUpAsync(Rowwise, Batched with { Batching = new BatchingOptions() }, Requests()).GetAwaiter().GetResult();

            Assert.Equal(single.Select(outcome => (outcome.Answer, outcome.Error)), batched.Select(outcome => (outcome.Answer, outcome.Error)));
            Assert.Equal(mix.Length + 4, alone.Calls);
            Assert.True(mix.Any(item => item.first < 0) || joined.Calls <= alone.Calls);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(60));
    }

    [Fact]
    public async Task InferAsync_OneBadRequestInABatch_OnlyItFails()
    {
        var (_, outcomes) = await PileUpAsync(Rowwise, Batched, [TestBed.Request(1, 1), TestBed.Request(-1, 1), TestBed.Request(3, 3)]);

        Assert.Equal([null, ServingError.ModelFailed, null], outcomes.Select(outcome => outcome.Error));
    }

    [Fact]
    public async Task InferAsync_OutputsWithoutRows_RunsEachAlone()
    {
        var (module, outcomes) = await PileUpAsync(
            arguments => new TupleValue([FakeModule.Double(arguments), new IntValue(((Tensor)arguments[0].Value).Shape[0])]),
            Batched,
            [TestBed.Request(1, 1), TestBed.Request(2, 2)]);

        Assert.Equal(["([1,2]:2 2; int)", "([1,2]:4 4; int)"], outcomes.Select(outcome => outcome.Answer));
        // Warm-up, wait, one attempt to join, two alone.
        Assert.Equal(7, module.Calls);
    }

    [Fact]
    public async Task InferAsync_Deterministic_IsNeverJoined()
    {
        var sizes = new List<long>();
        var requests = Enumerable.Range(0, 4).Select(i => new InferenceRequest { Inputs = TestBed.Request(i, i).Inputs, Deterministic = i == 1 }).ToArray();

        await PileUpAsync(
            arguments =>
            {
                sizes.Add(((Tensor)arguments[0].Value).Shape[0]);
                return Rowwise(arguments);
            },
            Batched,
            requests);

        Assert.Equal([1, 1, 1, 1, 1, 2], sizes);
    }

    [Fact]
    public async Task InferAsync_OtherDTypeOrTrailingShape_IsNotJoined()
    {
        var shapes = new List<string>();
        var definition = Batched with { Inputs = [] };
        InferenceRequest Of(DType dtype, params long[] shape)
        {
            var tensor = Tensor.Rent(dtype, shape);
            tensor.Bytes.Clear();
            return new InferenceRequest { Inputs = [new Argument(null, tensor)] };
        }

        await PileUpAsync(
            arguments =>
            {
                var x = (Tensor)arguments[0].Value;
                shapes.Add($"{x.DType.TorchName()}[{string.Join(',', x.Shape.ToArray())}]");
                return Tensor.Rent(x.DType, x.Shape);
            },
            definition,
            [Of(DType.Float64, 1, 2), Of(DType.Float64, 1, 2), Of(DType.Float32, 1, 2), Of(DType.Float32, 2, 2), Of(DType.Float32, 2, 3), Of(DType.Float32), Of(DType.Float32, 0, 3)]);

        Assert.Equal(["float64[2,2]", "float32[3,2]", "float32[2,3]", "float32[]", "float32[0,3]"], shapes);
    }

    [Fact]
    public async Task InferAsync_QueueDelay_WaitsForCompanyUntilFullOrDue()
    {
        var sizes = new List<long>();
        var module = new FakeModule((_, arguments) =>
        {
            sizes.Add(((Tensor)arguments[0].Value).Shape[0]);
            return Rowwise(arguments);
        });
        using var bed = new TestBed(new FakeLoader(_ => module));
        var activation = bed.Activate(Batched with { Batching = new BatchingOptions { MaxBatchSize = 4, MaxQueueDelay = TimeSpan.FromMilliseconds(5) } });
        await activation.WaitReadyAsync();
        sizes.Clear();

        var due = new[] { activation.InferAsync(TestBed.Request(1, 1)).AsTask(), activation.InferAsync(TestBed.Request(2, 2)).AsTask() };
        Assert.Equal(2, activation.Status.Queued);
        bed.Clock.Advance(TimeSpan.FromMilliseconds(5));
        foreach (var call in due)
            (await call).Dispose();
        var full = Enumerable.Range(0, 4).Select(i => activation.InferAsync(TestBed.Request(i, i)).AsTask()).ToArray();
        foreach (var call in full)
            (await call).Dispose();

        Assert.Equal([2, 4], sizes);
        Assert.Equal(2, activation.Status.Statistics.Executions);
        Assert.Equal(6, activation.Status.Statistics.Rows);
    }

    private sealed record Outcome(string? Answer, ServingError? Error, InferenceTiming Timing);
}
