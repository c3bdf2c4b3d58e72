using Granary.Serving.Clusters;
using Granary.Serving.Formats.Triton.Repository;
using Granary.Serving.Handlers;
using Granary.Serving.Models;
using Granary.Torch;

namespace Granary.Api.OpenInference.V1;

/// <summary>
/// Instances that are objects or texts, for a model with one of TorchServe's handlers: each is a request of its own, as TorchServe's
/// envelope for KServe makes of it, and they are joined again where the model allows it. An object with <c>data</c> or <c>body</c> is the
/// parameters of a request; anything else is the parameter <c>body</c>. Source: pytorch/serve, <c>ts/torch_handler/request_envelope/kserve.py</c>.
/// </summary>
internal sealed class InstanceRequests
{
    // Fewer than TorchServe's default of requests that may wait for a model, so that no request fills the queue alone.
    private const int AtOnce = 32;

    private readonly ModelKey _model;
    private readonly IReadOnlyList<Value> _instances;

    private InstanceRequests(ModelKey model, IReadOnlyList<Value> instances) => (_model, _instances) = (model, instances);

    /// <summary>The requests; null when the model takes the instances as they are.</summary>
    public static InstanceRequests? Of(ServedModel model, V1Request request) =>
        model.Definition.TakesTorchServeRequests() && !request.IsColumnar && request.Inputs is [{ Name: null, Value: ListValue instances }]
            ? new InstanceRequests(model.Key, instances.Items)
            : null;

    /// <summary>Runs them.</summary>
    /// <param name="cluster">Where the model is.</param>
    /// <param name="write">Gets the list of answers, which lives until it returns.</param>
    /// <param name="cancellation">Gives up.</param>
    public async Task RunAsync(IModelCluster cluster, Action<Value> write, CancellationToken cancellation)
    {
        var results = new List<InferenceResult>(_instances.Count);
        try
        {
            foreach (var some in _instances.Chunk(AtOnce))
                await RunAsync(cluster, some, results, cancellation);
            write(new ListValue([.. results.Select(static result => result.Value)]));
        }
        finally
        {
            results.ForEach(static result => result.Dispose());
        }
    }

    // What has ended well is kept, so that the caller gives it back even if another one failed.
    private async Task RunAsync(IModelCluster cluster, IEnumerable<Value> instances, List<InferenceResult> results, CancellationToken cancellation)
    {
        var calls = instances.Select(instance => RunAsync(cluster, instance, cancellation)).ToArray();
        try
        {
            await Task.WhenAll(calls);
        }
        finally
        {
            foreach (var call in calls.Where(static call => call.IsCompletedSuccessfully))
                results.Add(await call);
        }
    }

    private async Task<InferenceResult> RunAsync(IModelCluster cluster, Value instance, CancellationToken cancellation) =>
        await cluster.InferAsync(_model, new InferenceRequest { Inputs = [new Argument(null, Parameters(instance))] }, cancellation);

    private static DictValue Parameters(Value instance) =>
        instance is DictValue parameters && parameters.Entries.Any(static entry => entry.Key is StringValue { Text: "data" or "body" })
            ? parameters
            : new DictValue([new(new StringValue("body"), instance)]);
}
