using System.Globalization;
using System.Security.Cryptography;
using Granary.Serving.Activations;
using Granary.Serving.Formats;
using Granary.Serving.Models;
using Granary.Serving.Tests.Support;
using Granary.Serving.Weights;
using Granary.Torch;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Granary.Serving.Tests.Activations;

/// <summary>Activations over libtorch, and calls of the fixture models that are told apart by the hash of what they return.</summary>
internal sealed class DeterministicHost : IDisposable
{
    private readonly TorchInferenceRuntime _runtime = new();
    private readonly ActivationHost _host;
    private readonly ModelLoader _loader;

    public DeterministicHost(Action<ActivationOptions>? options = null)
    {
        var activation = new ActivationOptions { InferenceThreads = 4 };
        options?.Invoke(activation);
        _host = new ActivationHost(Options.Create(activation), Options.Create(new ModelMemoryOptions()), _runtime, TimeProvider.System, NullLoggerFactory.Instance);
        _loader = new ModelLoader(new Store(), new ScriptModuleFactory(), _runtime, _host, Scratch.Of(Path.GetTempPath()));
    }

    /// <summary>Calls that cover what libraries cut by threads: products, sums, convolutions, forks; each in a precision where it shows.</summary>
    public static IReadOnlyList<ModelCall> Calls { get; } =
    [
        new("heavy.pt", "forward", DType.Float32, [512, 512]),
        new("heavy.pt", "forward", DType.Float32, [640, 1024]) { Repeat = 100 },
        new("heavy.pt", "forward", DType.Float64, [300, 700]),
        new("heavy.pt", "forward", DType.Float32, [33, 17]),
        new("heavy.pt", "reduce", DType.Float32, [512, 1024]),
        new("heavy.pt", "reduce", DType.Float64, [512, 512]),
        new("heavy.pt", "convolve", DType.Float32, [2, 3, 96, 96]),
        new("heavy.pt", "forked", DType.Float32, [256, 512]),
        new("conv_bn.pt", "forward", DType.Float32, [5, 1, 8, 8]),
        new("linear8.pt", "forward", DType.Float64, [3, 8]),
    ];

    /// <summary>Prints one line a call, for a process of its own: the hash of its result, deterministic or not.</summary>
    public static async Task PrintAsync(bool deterministic, bool optimize, int intraOpThreads)
    {
        using var host = new DeterministicHost();
        foreach (var call in Calls)
        {
            var activation = host.Activate(call.File, definition => definition with { Optimize = optimize, IntraOpThreads = intraOpThreads });
            using var input = call.MakeInput(0);
            Console.WriteLine(await AskAsync(activation, call.Method, input, deterministic));
            await activation.DisposeAsync();
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"threads {TorchRuntime.ThreadSettings.IntraOp}"));
    }

    public ModelActivation Activate(string file, Func<ModelDefinition, ModelDefinition>? change = null)
    {
        var definition = new ModelDefinition { Name = Path.GetFileNameWithoutExtension(file), Version = "1", Source = new ModelId(ModelSourceKind.Local, file, null, null) };
        return new ModelActivation(change?.Invoke(definition) ?? definition, _loader, _host, TimeProvider.System, NullLogger.Instance);
    }

    /// <summary>SHA-256 of the tensor that a call returned.</summary>
    public static async Task<string> AskAsync(ModelActivation activation, string method, Tensor input, bool deterministic)
    {
        using var result = await activation.InferAsync(new() { Inputs = [new Argument(null, input)], Method = method, Deterministic = deterministic });
        return Convert.ToHexStringLower(SHA256.HashData(((Tensor)result.Value).Bytes));
    }

    public void Dispose() => _host.Dispose();

    private sealed class Store : IWeightsStore
    {
        public Task<WeightsLease> AcquireAsync(ModelId id, WeightsRequest options, CancellationToken cancellation = default)
        {
            var path = Path.Combine(AppContext.BaseDirectory, "Fixtures", id.Repository);
            return Task.FromResult(new WeightsLease(path, new string('0', 64), new FileInfo(path).Length, null, null));
        }
    }
}

/// <summary>One call of a fixture model with an input that any process makes again.</summary>
internal sealed record ModelCall(string File, string Method, DType DType, long[] Shape)
{
    /// <summary>How often a test asks; less where a call takes tens of milliseconds.</summary>
    public int Repeat { get; init; } = 1000;

    /// <summary>Values between -1 and 1 from a generator of our own, so that no library decides them.</summary>
    /// <param name="seed">Another seed gives other values.</param>
    /// <param name="offset">Bytes by which the data stands off where a buffer begins.</param>
    public Tensor MakeInput(uint seed, int offset = 0)
    {
        var count = (int)Tensor.CountElements(Shape);
        var size = DType == DType.Float64 ? 8 : 4;
        var buffer = PinnedBuffer.Rent((count * size) + 128);
        nint start;
        unsafe
        {
            start = (((nint)buffer.Pointer + 63) & ~63) + offset;
        }

        var tensor = new Tensor(DType, Shape, start, buffer);
        var state = 0x9E3779B9u ^ seed;
        for (var i = 0; i < count; i++)
        {
            state = (state * 1664525) + 1013904223;
            var value = ((state >> 8) / 8388608.0) - 1;
            if (size == 8)
                tensor.As<double>()[i] = value;
            else
                tensor.As<float>()[i] = (float)value;
        }

        return tensor;
    }

    public override string ToString() => $"{File} {Method} {DType} [{string.Join(',', Shape)}]";
}
