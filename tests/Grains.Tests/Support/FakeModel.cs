using System.Collections.Concurrent;
using Granary.Serving.Activations;
using Granary.Serving.Models;
using Granary.Torch;

namespace Granary.Grains.Tests.Support;

/// <summary>What happened to the models of all silos of this process, by model name.</summary>
internal sealed class ModelLog
{
    private static readonly ConcurrentDictionary<string, ModelLog> ByName = new();
    private int _loads;
    private int _live;

    public int Loads => Volatile.Read(ref _loads);

    public int Live => Volatile.Read(ref _live);

    /// <summary>Calls wait here while it is set; null lets them pass.</summary>
    public TaskCompletionSource? Gate { get; set; }

    public SemaphoreSlim Entered { get; } = new(0);

    /// <summary>Whether the last call was to give the same bits every time.</summary>
    public bool WasDeterministic { get; set; }

    public static ModelLog Of(string name) => ByName.GetOrAdd(name, _ => new ModelLog());

    public void Loaded()
    {
        Interlocked.Increment(ref _loads);
        Interlocked.Increment(ref _live);
    }

    public void Unloaded() => Interlocked.Decrement(ref _live);
}

/// <summary>A module in managed code: <c>forward</c> doubles float64, <c>echo</c> returns what it gets, <c>fail</c> raises.</summary>
internal sealed class FakeModel(ModelDefinition definition) : ILoadedModel
{
    public IReadOnlyList<MethodSchema> Methods { get; } =
    [
        new("forward", [new("x", "Tensor", false, null)], "Tensor"),
        new("echo", [new("x", "Any", false, null)], "Any"),
        new("fail", [new("x", "Tensor", false, null)], "Tensor"),
    ];

    public string Device => definition.Device;

    public string Sha256 { get; } = new('a', 64);

    public long ParameterBytes => definition.MemoryBytes ?? 100;

    public ForwardResult Invoke(string method, ReadOnlySpan<Argument> arguments, bool deterministic)
    {
        var log = ModelLog.Of(definition.Name);
        log.WasDeterministic = deterministic;
        log.Entered.Release();
        log.Gate?.Task.Wait();
        var value = method switch
        {
            "echo" => arguments[0].Value.Share(),
            "fail" => throw new TorchException(TorchFailure.Model, "the model raised: no such luck"),
            _ => Double((Tensor)arguments[0].Value),
        };
        return new ForwardResult(value, value);
    }

    public void Dispose() => ModelLog.Of(definition.Name).Unloaded();

    private static Tensor Double(Tensor x)
    {
        var y = Tensor.Rent(x.DType, x.Shape);
        for (var i = 0; i < x.ElementCount; i++)
            y.As<double>()[i] = 2 * x.As<double>()[i];
        return y;
    }
}

/// <summary>Loads fakes; a model whose name begins with <c>broken</c> does not load.</summary>
internal sealed class FakeLoader : IModelLoader
{
    public async Task<ILoadedModel> LoadAsync(ModelDefinition definition, CancellationToken cancellation)
    {
        await Task.Yield();
        if (definition.Name.StartsWith("broken", StringComparison.Ordinal))
            throw new ServingException(ServingError.SourceFailed, $"'{definition.Source}' did not answer");
        ModelLog.Of(definition.Name).Loaded();
        return new FakeModel(definition);
    }
}
