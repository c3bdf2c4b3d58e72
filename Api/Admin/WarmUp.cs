using Granary.Serving;
using Granary.Serving.Clusters;
using Granary.Serving.Models;
using Granary.Torch;

namespace Granary.Api.Admin;

/// <summary>Sample inputs and how often to run them; owns the inputs.</summary>
internal sealed class WarmUp(string origin, IReadOnlyList<Argument> inputs, string method, int count, bool wait) : IDisposable
{
    // A definition may declare a tensor that nobody should allocate just to warm up.
    private const long MaxZeroElements = 1 << 26;

    /// <summary>Where the inputs come from: <c>given</c>, <c>zeros</c> or <c>none</c>.</summary>
    public string Origin { get; } = origin;

    /// <summary>The inputs of every run.</summary>
    public IReadOnlyList<Argument> Inputs { get; } = inputs;

    /// <summary>Runs; 0 when the model is only to be loaded.</summary>
    public int Count { get; } = count;

    /// <summary>Whether the caller waits.</summary>
    public bool Wait { get; } = wait;

    /// <summary>Zeros in the shapes that the definition declares, any size being 1; only a load when it declares nothing.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.TooLarge"/>.</exception>
    public static WarmUp FromDefinition(ModelDefinition? definition, string method, int count, bool wait)
    {
        if (definition is null || definition.Inputs.Count == 0)
            return new WarmUp("none", [], method, 0, wait);
        List<Argument> zeros = [];
        foreach (var spec in definition.Inputs)
        {
            long[] shape = [.. spec.Shape.Select(size => size < 0 ? 1 : size)];
            if (shape.Aggregate((Int128)1, (product, size) => Int128.Min(product * size, MaxZeroElements + 1)) > MaxZeroElements)
                throw new ServingException(ServingError.TooLarge, $"Input '{spec.Name}' of '{definition.Key}' is too large to warm up with zeros; give sample inputs");
            var tensor = Tensor.Rent(spec.DType, shape);
            tensor.Bytes.Clear();
            // By position: the wire names of a definition need not be the module's argument names.
            zeros.Add(new Argument(null, tensor));
        }

        return new WarmUp("zeros", zeros, method, count, wait);
    }

    /// <summary>Loads the model and runs the samples one after the other.</summary>
    public async Task<WarmUpView> RunAsync(IModelCluster cluster, ModelKey key, CancellationToken cancellation)
    {
        var status = await cluster.LoadAsync(key, cancellation);
        var request = new InferenceRequest { Inputs = Inputs, Method = method };
        List<RunView> runs = new(Count);
        for (var i = 0; i < Count; i++)
        {
            using var result = await cluster.InferAsync(key, request, cancellation);
            runs.Add(new RunView(result.Timing.Queue.TotalSeconds, result.Timing.Compute.TotalSeconds));
        }

        if (Count > 0)
            status = await cluster.GetStatusAsync(key, cancellation);
        return new WarmUpView(Origin, runs, AdminViewFactory.Status(status));
    }

    public void Dispose()
    {
        foreach (var input in Inputs)
            input.Value.Dispose();
    }
}
