using System.Collections.Concurrent;
using Granary.Serving;
using Granary.Serving.Clusters;
using Granary.Serving.Models;
using Granary.Torch;

namespace Granary.Api.Tests.Admin;

/// <summary>A cluster that keeps states in memory, notes every call and answers every inference with 42.</summary>
internal sealed class FakeCluster : IModelCluster
{
    private readonly ConcurrentDictionary<ModelKey, ModelStatus> _statuses = new();

    /// <summary>Every call as <c>verb key</c>, in order.</summary>
    public ConcurrentQueue<string> Calls { get; } = new();

    /// <summary>What <see cref="LoadAsync"/> waits for; done at once by default.</summary>
    public Task LoadGate { get; set; } = Task.CompletedTask;

    /// <summary>Makes loads fail.</summary>
    public ServingException? LoadFailure { get; set; }

    /// <summary>Describes the inputs of every inference.</summary>
    public ConcurrentQueue<string> Inputs { get; } = new();

    public void Set(ModelStatus status) => _statuses[status.Key] = status;

    public ValueTask<InferenceResult> InferAsync(ModelKey key, InferenceRequest request, CancellationToken cancellation = default)
    {
        Calls.Enqueue($"infer {key} {request.Method}");
        Inputs.Enqueue(string.Join(" | ", request.Inputs.Select(input => $"{input.Name ?? "_"}={Describe(input.Value)}")));
        return ValueTask.FromResult(new InferenceResult(key, new IntValue(42), null, new InferenceTiming(TimeSpan.FromSeconds(0.25), TimeSpan.FromSeconds(0.5))));
    }

    public async ValueTask<ModelStatus> LoadAsync(ModelKey key, CancellationToken cancellation = default)
    {
        Calls.Enqueue($"load {key}");
        await LoadGate.WaitAsync(cancellation);
        if (LoadFailure is { } failure)
            throw failure;
        return _statuses[key] = new ModelStatus { Key = key, State = ModelState.Ready, Device = "cpu", Pinned = StatusOf(key).Pinned };
    }

    public ValueTask<bool> UnloadAsync(ModelKey key, CancellationToken cancellation = default)
    {
        Calls.Enqueue($"unload {key}");
        return ValueTask.FromResult(_statuses.TryRemove(key, out _));
    }

    public ValueTask<ModelStatus> PinAsync(ModelKey key, bool pinned, CancellationToken cancellation = default)
    {
        Calls.Enqueue($"{(pinned ? "pin" : "unpin")} {key}");
        return ValueTask.FromResult(_statuses[key] = StatusOf(key) with { Pinned = pinned });
    }

    public ValueTask<ModelStatus> ScaleAsync(ModelKey key, int instances, CancellationToken cancellation = default)
    {
        Calls.Enqueue($"scale {key} {instances}");
        return ValueTask.FromResult(StatusOf(key));
    }

    public ValueTask<ModelStatus> GetStatusAsync(ModelKey key, CancellationToken cancellation = default) => ValueTask.FromResult(StatusOf(key));

    public ValueTask<IReadOnlyList<ModelStatus>> ListAsync(CancellationToken cancellation = default) =>
        ValueTask.FromResult<IReadOnlyList<ModelStatus>>([.. _statuses.Values.OrderBy(status => status.Key.ToString(), StringComparer.Ordinal)]);

    private static string Describe(Value value) => value switch
    {
        Tensor tensor => $"{tensor.DType.TorchName()}[{string.Join(',', tensor.Shape.ToArray())}]:{Convert.ToHexStringLower(tensor.Bytes)}",
        IntValue number => $"int {number.Number}",
        DoubleValue number => $"float {number.Number}",
        StringValue text => $"str {text.Text}",
        BoolValue truth => $"bool {truth.Truth}",
        ListValue list => $"[{string.Join(", ", list.Items.Select(Describe))}]",
        DictValue dict => $"{{{string.Join(", ", dict.Entries.Select(entry => $"{Describe(entry.Key)}: {Describe(entry.Value)}"))}}}",
        _ => value.Kind,
    };

    private ModelStatus StatusOf(ModelKey key) => _statuses.GetValueOrDefault(key) ?? new ModelStatus { Key = key, State = ModelState.Unloaded };
}
