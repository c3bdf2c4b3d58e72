using Granary.Serving.Clusters;
using Granary.Serving.Models;
using Granary.Serving.Tests.Handlers;
using Granary.Torch;

namespace Granary.Serving.Tests.Activations;

public sealed class HandledExecutionTests(TorchvisionCases cases) : IClassFixture<TorchvisionCases>
{
    private static readonly ModelDefinition Definition = TestBed.Definition with
    {
        Inputs = [new TensorSpec("x", DType.Float32, [-1, 3, 32, 32])],
        Handlers = [new HandlerSpec("image"), new HandlerSpec("top-classes", new Dictionary<string, string> { ["k"] = "1" })],
    };

    [Fact]
    public async Task Infer_EncodedImage_ReachesTheModuleAsATensorAndIsFreed()
    {
        float[]? seen = null;
        var module = new FakeModule((_, arguments) =>
        {
            seen = ((Tensor)arguments[0].Value).As<float>().ToArray();
            return Scores((Tensor)arguments[0].Value);
        });
        using var bed = new TestBed(new FakeLoader(_ => module));
        var activation = bed.Activate(Definition);

        using (var result = await activation.InferAsync(Request(cases["seed"].File)))
            Assert.Equal(1, ((IntValue)Best(result, 0).Entries[0].Value).Number);

        Assert.Equal(cases["seed"].Expected, seen);
        Assert.Equal(0, module.LiveResults);
        Assert.True(activation.HoldsCaller);
        await activation.DisposeAsync();
    }

    [Fact]
    public async Task Infer_ConcurrentImages_AreJoined()
    {
        using var release = new ManualResetEventSlim();
        using var entered = new ManualResetEventSlim();
        var rows = new List<long>();
        var module = new FakeModule((method, arguments) =>
        {
            if (method == "wait")
            {
                entered.Set();
                release.Wait();
                return NoneValue.Instance;
            }

            rows.Add(((Tensor)arguments[0].Value).Shape[0]);
            return Scores((Tensor)arguments[0].Value);
        })
        {
            Methods = [new("forward", [new("x", "Tensor", false, null)], "Tensor"), new("wait", [], "None")],
        };
        using var bed = new TestBed(new FakeLoader(_ => module), static options => options.InlineBelow = TimeSpan.Zero);
        var activation = bed.Activate(Definition with { Instances = 1, Batching = new BatchingOptions { MaxBatchSize = 8 } });
        await activation.WaitReadyAsync();
        rows.Clear();
        var wait = activation.InferAsync(new InferenceRequest { Inputs = [], Method = "wait" }).AsTask();
        entered.Wait();

        var calls = Enumerable.Range(0, 3).Select(_ => activation.InferAsync(Request(cases["seed"].File)).AsTask()).ToArray();
        release.Set();
        (await wait).Dispose();
        foreach (var call in calls)
        {
            using var result = await call;
            Assert.Single(((ListValue)result.Value).Items);
        }

        Assert.Equal([3], rows);
        Assert.Equal(0, module.LiveResults);
        await activation.DisposeAsync();
    }

    [Fact]
    public async Task Infer_DamagedImage_FailsCountsAndLeavesTheGate()
    {
        using var bed = new TestBed(new FakeLoader(_ => new FakeModule((_, arguments) => Scores((Tensor)arguments[0].Value))));
        var activation = bed.Activate(Definition);
        await activation.WaitReadyAsync();

        var error = await Assert.ThrowsAsync<ServingException>(() => activation.InferAsync(Request(cases["seed"].File[..100])).AsTask());

        Assert.Equal(ServingError.InvalidArgument, error.Error);
        Assert.StartsWith("the PNG is damaged", error.Message);
        Assert.Equal(1, activation.Status.Statistics.Failed);
        Assert.Equal(0, activation.Load);
        Assert.True(await activation.DrainAsync());
    }

    [Fact]
    public async Task Infer_ResultThatNoHandlerTakes_FailsAndIsFreed()
    {
        var module = new FakeModule(static (_, _) => new StringValue("no scores"));
        using var bed = new TestBed(new FakeLoader(_ => module));
        var activation = bed.Activate(Definition);

        var error = await Assert.ThrowsAsync<ServingException>(() => activation.InferAsync(Request(cases["seed"].File)).AsTask());

        Assert.Equal(ServingError.ModelFailed, error.Error);
        Assert.Equal(0, module.LiveResults);
        await activation.DisposeAsync();
    }

    [Fact]
    public async Task Load_HandlersThatAreNotValid_SayWhy()
    {
        using var bed = new TestBed();
        var activation = bed.Activate(TestBed.Definition with { Handlers = [new HandlerSpec("picture")] });

        var error = await Assert.ThrowsAsync<ServingException>(() => activation.WaitReadyAsync());

        Assert.Equal("the handlers of model 'm/1' are not valid: there is no handler 'picture'; there are image, softmax, top-classes, torchserve-base, torchserve-pickle, image_classifier, image_segmenter, object_detector, text_classifier, persia, v2-reply", error.Message);
    }

    private static InferenceRequest Request(byte[] file) => new() { Inputs = [new Argument(null, Tensor.From<byte>(DType.UInt8, [file.Length], file))] };

    private static DictValue Best(InferenceResult result, int row) => (DictValue)((ListValue)((ListValue)result.Value).Items[row]).Items[0];

    // [rows, 2]: the second class always wins.
    private static Tensor Scores(Tensor input)
    {
        var scores = Tensor.Rent(DType.Float32, [input.Shape[0], 2]);
        for (var i = 0; i < scores.ElementCount; i++)
            scores.As<float>()[i] = i % 2;
        return scores;
    }
}
