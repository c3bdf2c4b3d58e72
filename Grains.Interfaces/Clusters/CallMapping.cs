using Granary.Grains.Interfaces.Contracts;
using Granary.Grains.Interfaces.Payloads;
using Granary.Torch;

namespace Granary.Grains.Interfaces.Clusters;

/// <summary>Turns requests and results of the core into grain contracts and back.</summary>
internal static class CallMapping
{
    /// <summary>
    /// A call whose inputs share memory with the request's, so that the caller may release its own the moment it stops waiting
    /// while the message is still on its way out.
    /// </summary>
    public static InferCall ToCall(InferenceRequest request, long callId)
    {
        var inputs = new ValuePayload[request.Inputs.Count];
        string?[]? names = null;
        for (var i = 0; i < inputs.Length; i++)
        {
            var (name, value) = request.Inputs[i];
            var shared = value.Share();
            inputs[i] = new ValuePayload(shared, shared);
            if (name is not null)
                (names ??= new string?[inputs.Length])[i] = name;
        }

        return new InferCall
        {
            Inputs = inputs,
            Names = names,
            Method = request.Method,
            Timeout = request.Timeout,
            Deterministic = request.Deterministic,
            CallId = callId,
            WantsProvenance = request.WantsProvenance,
            Priority = request.Priority,
            QueueTimeout = request.QueueTimeout,
        };
    }

    /// <summary>The request that a call carries; its values live as long as the call's payloads.</summary>
    public static InferenceRequest ToRequest(InferCall call)
    {
        var inputs = new Argument[call.Inputs.Length];
        for (var i = 0; i < inputs.Length; i++)
            inputs[i] = new Argument(call.Names?[i], call.Inputs[i].Value);
        return new InferenceRequest
        {
            Inputs = inputs,
            Method = call.Method,
            Timeout = call.Timeout,
            Deterministic = call.Deterministic,
            Priority = call.Priority,
            QueueTimeout = call.QueueTimeout,
        };
    }

    public static InferReply ToReply(InferenceResult result, InferCall call, int load) => new()
    {
        Result = new ValuePayload(result.Value, result),
        Queue = result.Timing.Queue,
        Compute = result.Timing.Compute,
        Load = load,
        Sha256 = call.WantsProvenance ? result.Provenance?.Sha256 : null,
        Engine = call.WantsProvenance ? result.Provenance?.Engine : null,
    };

    public static InferenceResult ToResult(ModelKey key, InferReply reply) =>
        new(key, reply.Result.Value, reply.Result, new InferenceTiming(reply.Queue, reply.Compute))
        {
            Provenance = reply.Sha256 is { } sha256 ? new ModelProvenance(sha256, reply.Engine ?? "") : null,
        };
}
