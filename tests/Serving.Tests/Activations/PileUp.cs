using Granary.Serving.Activations;
using Granary.Serving.Clusters;
using Granary.Serving.Models;
using Granary.Torch;

namespace Granary.Serving.Tests.Activations;

/// <summary>A model with one instance that is kept busy while requests pile up. Remembers the first number of every row it ran.</summary>
internal sealed class PileUp : IAsyncDisposable
{
    private readonly ManualResetEventSlim _release = new();
    private readonly ManualResetEventSlim _entered = new();
    private readonly TestBed _bed;
    private readonly Task<InferenceResult> _busy;

    private PileUp(TestBed bed, ModelActivation activation, FakeModule module, List<string> batches, ManualResetEventSlim release, ManualResetEventSlim entered)
    {
        (_bed, Activation, Module, Batches, _release, _entered) = (bed, activation, module, batches, release, entered);
        _busy = activation.InferAsync(new InferenceRequest { Inputs = [], Method = "wait" }).AsTask();
        _entered.Wait();
    }

    public ModelActivation Activation { get; }

    public FakeModule Module { get; }

    public ManualClock Clock => _bed.Clock;

    /// <summary>The rows of each call in order, by their first numbers.</summary>
    public List<string> Batches { get; }

    public static async Task<PileUp> StartAsync(BatchingOptions batching, Func<Argument[], Value>? body = null, Func<ModelDefinition, ModelDefinition>? change = null, IReadOnlyList<ArgumentSchema>? arguments = null)
    {
        var release = new ManualResetEventSlim();
        var entered = new ManualResetEventSlim();
        var batches = new List<string>();
        var module = new FakeModule((method, inputs) =>
        {
            if (method == "wait")
            {
                entered.Set();
                release.Wait();
                return NoneValue.Instance;
            }

            if (entered.IsSet)
                batches.Add(Describe(inputs[0].Value));
            return body is null ? FakeModule.Double(inputs) : body(inputs);
        })
        {
            Methods = [new("forward", arguments ?? [new("x", "Tensor", false, null)], "Any"), new("wait", [], "None")],
        };
        var bed = new TestBed(new FakeLoader(_ => module), options => options.InlineBelow = TimeSpan.Zero);
        var definition = TestBed.Definition with { Instances = 1, Batching = batching };
        var activation = bed.Activate(change is null ? definition : change(definition));
        await activation.WaitReadyAsync();
        return new PileUp(bed, activation, module, batches, release, entered);
    }

    /// <summary>One request whose rows begin with the number.</summary>
    public static InferenceRequest Request(double number, int rows = 1, ulong priority = 0, TimeSpan? queueTimeout = null, TimeSpan? timeout = null)
    {
        var values = Enumerable.Range(0, rows).SelectMany(_ => new[] { number, 0 }).ToArray();
        return new InferenceRequest { Inputs = TestBed.Request(values).Inputs, Priority = priority, QueueTimeout = queueTimeout, Timeout = timeout };
    }

    public Task<InferenceResult> Send(InferenceRequest request) => Activation.InferAsync(request).AsTask();

    /// <summary>Frees the instance and waits for the answers.</summary>
    public async Task ReleaseAsync(params Task<InferenceResult>[] calls)
    {
        _release.Set();
        (await _busy).Dispose();
        foreach (var call in calls)
            (await call).Dispose();
    }

    public async ValueTask DisposeAsync()
    {
        _release.Set();
        await Activation.DisposeAsync();
        Assert.Equal(0, Module.LiveResults);
        Assert.False(Module.WasMisused);
        _bed.Dispose();
        _release.Dispose();
        _entered.Dispose();
    }

    private static string Describe(Value value) => value switch
    {
        Tensor { DType: DType.Float64, Shape.Length: 2 } tensor => string.Join(' ', Enumerable.Range(0, (int)tensor.Shape[0]).Select(row => tensor.As<double>()[row * (int)tensor.Shape[1]])),
        Tensor tensor => $"{tensor.DType.TorchName()}[{string.Join(',', tensor.Shape.ToArray())}]",
        DictValue dict => string.Join("; ", dict.Entries.Select(entry => ((StringValue)entry.Key).Text + "=" + Describe(entry.Value))),
        _ => value.Kind,
    };
}
