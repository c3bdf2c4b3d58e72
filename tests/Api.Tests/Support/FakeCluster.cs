using System.Collections.Concurrent;
using Granary.Serving.Clusters;
using Granary.Serving.Models;
using Granary.Torch;

namespace Granary.Api.Tests.Support;

/// <summary>A cluster whose models are functions of the first tensor.</summary>
internal sealed class FakeCluster : IModelCluster
{
    /// <summary>Answers a call; the default returns a copy of the input.</summary>
    public Func<ModelKey, InferenceRequest, CancellationToken, ValueTask<Value>> Model { get; set; } = static (_, request, _) => new(Copy((Tensor)request.Inputs[0].Value));

    /// <summary>Answers a load; the default is ready at once.</summary>
    public Func<ModelKey, CancellationToken, ValueTask<ModelStatus>> Load { get; set; } = static (key, _) => new(new ModelStatus { Key = key, State = ModelState.Ready });

    /// <summary>Every key that was called, in order.</summary>
    public ConcurrentQueue<ModelKey> Calls { get; } = new();

    public List<ModelStatus> Statuses { get; } = [];

    /// <summary>What the models say that they are.</summary>
    public ModelProvenance? Provenance { get; set; } = new(new string('1', 64), "libtorch 0.0; TEST; cpu");

    public static Tensor Copy(Tensor input) => Tensor.From<byte>(input.DType, input.Shape, input.Bytes);

    /// <summary>The model that the functions of a synchronous test compute.</summary>
    public void Returns(Func<Tensor, Value> model) => Model = (_, request, _) => new(model((Tensor)request.Inputs[0].Value));

    /// <summary>The linear regression of the California-housing example: float64 [rows, 8] → [rows].</summary>
    public static Tensor Housing(Tensor input)
    {
        double[] weights = [0.448674910, 0.00972425752, -0.123323343, 0.783144907, -2.02962058e-06, -0.00352631849, -0.419792487, -0.433708065];
        var values = input.As<double>();
        var output = new double[values.Length / weights.Length];
        for (var row = 0; row < output.Length; row++)
        {
            output[row] = -37.02327770606409;
            for (var i = 0; i < weights.Length; i++)
                output[row] += values[(row * weights.Length) + i] * weights[i];
        }

        return Tensor.From<double>(DType.Float64, [output.Length], output);
    }

    public async ValueTask<InferenceResult> InferAsync(ModelKey key, InferenceRequest request, CancellationToken cancellation = default)
    {
        Calls.Enqueue(key);
        var value = await Model(key, request, cancellation);
        return new InferenceResult(key, value, value, default) { Provenance = Provenance };
    }

    public ValueTask<ModelStatus> LoadAsync(ModelKey key, CancellationToken cancellation = default) => Load(key, cancellation);

    public ValueTask<bool> UnloadAsync(ModelKey key, CancellationToken cancellation = default) => new(false);

    public ValueTask<ModelStatus> PinAsync(ModelKey key, bool pinned, CancellationToken cancellation = default) => GetStatusAsync(key, cancellation);

    public ValueTask<ModelStatus> ScaleAsync(ModelKey key, int instances, CancellationToken cancellation = default) => GetStatusAsync(key, cancellation);

    public ValueTask<ModelStatus> GetStatusAsync(ModelKey key, CancellationToken cancellation = default) =>
        new(new ModelStatus { Key = key, State = ModelState.Unloaded });

    public ValueTask<IReadOnlyList<ModelStatus>> ListAsync(CancellationToken cancellation = default) => new([.. Statuses]);
}
