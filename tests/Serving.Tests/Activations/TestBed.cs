using Granary.Serving.Activations;
using Granary.Serving.Clusters;
using Granary.Serving.Models;
using Granary.Serving.Responses;
using Granary.Torch;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Granary.Serving.Tests.Activations;

/// <summary>A host for activations in a test, and the small things that every test of them needs.</summary>
internal sealed class TestBed : IDisposable
{
    private static readonly TensorSpec[] Inputs = [new("x", DType.Float64, [-1, 2])];

    public TestBed(FakeLoader? loader = null, Action<ActivationOptions>? options = null, ModelMemoryOptions? memory = null, TimeProvider? time = null, long responseCacheBytes = 0)
    {
        Loader = loader ?? new FakeLoader();
        Time = time ?? new ManualClock();
        var activation = new ActivationOptions { InferenceThreads = 4 };
        options?.Invoke(activation);
        Host = new ActivationHost(Options.Create(activation), Options.Create(memory ?? new ModelMemoryOptions()), Runtime, Time, NullLoggerFactory.Instance, Options.Create(new ResponseCacheOptions { MaxBytes = responseCacheBytes }));
    }

    public static ModelDefinition Definition { get; } = new()
    {
        Name = "m",
        Version = "1",
        Source = new ModelId(ModelSourceKind.Local, "m.pt", null, null),
        Inputs = Inputs,
    };

    public FakeLoader Loader { get; }

    public FakeRuntime Runtime { get; } = new();

    public TimeProvider Time { get; }

    public ManualClock Clock => (ManualClock)Time;

    public ActivationHost Host { get; }

    public ModelActivation Activate(ModelDefinition? definition = null) => new(definition ?? Definition, Loader, Host, Time, NullLogger.Instance);

    /// <summary>A request with one float64 tensor of two columns.</summary>
    public static InferenceRequest Request(params double[] values) => new() { Inputs = [new Argument(null, Matrix(values))] };

    public static Tensor Matrix(params double[] values) => Tensor.From<double>(DType.Float64, [values.Length / 2, 2], values);

    public static double[] Numbers(InferenceResult result) => ((Tensor)result.Value).As<double>().ToArray();

    /// <summary>Waits until a condition that another thread will make true is true.</summary>
    public static async Task UntilAsync(Func<bool> condition)
    {
        for (var i = 0; !condition(); i++)
        {
            Assert.True(i < 30_000, "the condition never became true");
            await Task.Delay(1);
        }
    }

    public void Dispose() => Host.Dispose();
}
