using Granary.Serving.Activations;
using Granary.Serving.Formats;
using Granary.Serving.Models;
using Granary.Serving.Tests.Activations;
using Granary.Serving.Tests.Support;
using Granary.Serving.Weights;
using Granary.Torch;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Granary.Serving.Tests.Formats;

/// <summary>Everything from the file to the answer, with libtorch.</summary>
[Collection(nameof(LiveObjectTests))]
public sealed class RealModelTests : IDisposable
{
    private static readonly ModelDefinition Linear = TestBed.Definition with
    {
        Name = "linear8",
        Source = new ModelId(ModelSourceKind.Local, "linear8.pt", null, null),
        Inputs = [new TensorSpec("x", DType.Float64, [-1, 8])],
    };

    private readonly TorchInferenceRuntime _runtime = new();
    private readonly ActivationHost _host;
    private readonly ModelLoader _loader;
    private readonly ActivationOptions _options = new();

    public RealModelTests()
    {
        _host = new ActivationHost(Options.Create(_options), Options.Create(new ModelMemoryOptions()), _runtime, TimeProvider.System, NullLoggerFactory.Instance);
        _loader = new ModelLoader(new Store(), new ScriptModuleFactory(), _runtime, _host, Scratch.Of(Path.GetTempPath()));
    }

    private static string PathOf(string name) => Path.Combine(AppContext.BaseDirectory, "Fixtures", name);

    private ModelActivation Activate(ModelDefinition definition) => new(definition, _loader, _host, TimeProvider.System, NullLogger.Instance);

    private static Tensor Row(double x) => Tensor.From<double>(DType.Float64, [1, 8], [x, 0, 0, 0, 0, 0, 0, 8]);

    /// <summary>The fixture's weights are 1/8, 2/8 … 8/8 and its bias 0.5.</summary>
    private static double Expected(double x) => (x / 8) + 8.5;

    [Theory]
    [InlineData("linear8.pt", ArchiveKind.TorchScript)]
    [InlineData("conv_bn.pt", ArchiveKind.TorchScript)]
    [InlineData("only_named.pt", ArchiveKind.TorchScript)]
    [InlineData("missing_operator.pt", ArchiveKind.TorchScript)]
    [InlineData("state_dict.pt", ArchiveKind.StateDict)]
    [InlineData("legacy.pt", ArchiveKind.LegacyTorch)]
    public void Sniff_FilesOfTorch_AreToldApart(string name, object kind) => Assert.Equal(kind, ArchiveSniffer.Sniff(PathOf(name)).Kind);

    [Theory]
    [InlineData(0)]
    [InlineData(200)]
    public async Task InferAsync_TwoHundredFirstCallers_AllRightAndNothingLeft(int inlineBelowMicroseconds)
    {
        _options.InlineBelow = TimeSpan.FromMicroseconds(inlineBelowMicroseconds);
        var activation = Activate(Linear);

        var answers = await Task.WhenAll(Enumerable.Range(0, 200).Select(i => Task.Run(async () =>
        {
            using var row = Row(i);
            using var result = await activation.InferAsync(new() { Inputs = [new Argument("x", row)] });
            return ((Tensor)result.Value).As<double>()[0];
        })));

        Assert.Equal(Enumerable.Range(0, 200).Select(i => Expected(i)), answers);
        var status = activation.Status;
        Assert.Equal((1, 200), (status.Statistics.Loads, status.Statistics.Succeeded));
        Assert.Equal(("cpu", 72), (status.Device, status.ResidentBytes));
        Assert.True(await activation.DrainAsync());
        var live = TorchRuntime.LiveObjects;
        Assert.Equal((0, 0), (live.Modules, live.Results));
    }

    [Fact]
    public async Task InferAsync_Batched_SameAnswersInFewerCalls()
    {
        _options.InlineBelow = TimeSpan.Zero;
        var activation = Activate(Linear with { Instances = 1, Batching = new BatchingOptions { MaxBatchSize = 32, MaxQueueDelay = TimeSpan.FromMilliseconds(50) } });
        await activation.WaitReadyAsync();

        var answers = await Task.WhenAll(Enumerable.Range(0, 64).Select(async i =>
        {
            using var row = Row(i);
            using var result = await activation.InferAsync(new() { Inputs = [new Argument(null, row)] });
            return ((Tensor)result.Value).As<double>()[0];
        }));

        Assert.Equal(Enumerable.Range(0, 64).Select(i => Expected(i)), answers);
        Assert.True(activation.Status.Statistics.Executions <= 4, $"{activation.Status.Statistics.Executions} calls");
        await activation.DisposeAsync();
    }

    [Fact]
    public async Task InferAsync_PickledIris_AnswersAsPython()
    {
        var activation = Activate(Linear with { Name = "iris", Source = new ModelId(ModelSourceKind.Local, "iris.torch", null, null), Inputs = [] });
        using var row = Tensor.From<float>(DType.Float32, [1, 4], [1.0380048f, 0.5586108f, 1.1037828f, 1.712096f]);

        using (var result = await activation.InferAsync(new() { Inputs = [new Argument(null, row)] }))
        {
            var chances = ((Tensor)result.Value).As<float>().ToArray();
            Assert.Equal([5.6813e-9f, 1.1234256e-4f, 0.9998876f], chances, (expected, actual) => Math.Abs(expected - actual) < 1e-6);
        }

        Assert.True(await activation.DrainAsync());
        Assert.Equal(0, TorchRuntime.LiveObjects.Total);
    }

    [Fact]
    public async Task LoadAsync_MissingOperator_UnsupportedAndNamed()
    {
        var activation = Activate(Linear with { Name = "broken", Source = new ModelId(ModelSourceKind.Local, "missing_operator.pt", null, null) });

        var error = await Assert.ThrowsAsync<ServingException>(() => activation.WaitReadyAsync());

        Assert.Equal(ServingError.Unsupported, error.Error);
        Assert.StartsWith("model 'broken/1' cannot be loaded: ", error.Message);
        Assert.DoesNotContain(AppContext.BaseDirectory, error.Message);
    }

    public void Dispose() => _host.Dispose();

    private sealed class Store : IWeightsStore
    {
        public Task<WeightsLease> AcquireAsync(ModelId id, WeightsRequest options, CancellationToken cancellation = default)
        {
            var path = PathOf(id.Repository);
            return Task.FromResult(new WeightsLease(path, new string('0', 64), new FileInfo(path).Length, null, null));
        }
    }
}
