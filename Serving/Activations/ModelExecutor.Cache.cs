using Granary.Serving.Clusters;
using Granary.Serving.Responses;
using Granary.Torch;

namespace Granary.Serving.Activations;

/// <content>
/// Answers that were given before, without the model: looked up on arrival, before the handlers and the queue. Deterministic requests
/// ask for a computation and get one. Source of the rules: Triton, <c>docs/user_guide/response_cache.md</c>.
/// </content>
internal sealed partial class ModelExecutor
{
    /// <summary>Null when the model keeps no answers. Ends with the executor.</summary>
    public ResponseScope? Responses { get; init; }

    private ValueTask<InferenceResult> LookUp(ResponseScope responses, InferenceRequest request, long arrived, CancellationToken cancellation)
    {
        var started = _time.GetTimestamp();
        RequestDigest digest;
        Value? found;
        try
        {
            digest = RequestHasher.Hash(request);
            _ = responses.TryGet(digest, out found);
        }
        catch (Exception exception)
        {
            return Refuse(TorchErrors.OfCall(exception, _key, request.Method), arrived);
        }

        var ended = _time.GetTimestamp();
        return found is null
            ? FillAsync(responses, digest, ended - started, HandleMissAsync(request, arrived, cancellation))
            : Hit(request, found, arrived, ended - started, ended);
    }

    private ValueTask<InferenceResult> Hit(InferenceRequest request, Value value, long arrived, long lookUp, long ended)
    {
        _counters.CacheHit(ended - arrived, lookUp, ended);
        GranaryMeter.CacheHit(_key, _time.GetElapsedTime(arrived, ended));
        var result = new InferenceResult(_key, value, value, default) { Provenance = _provenance };
        _gate.Leave();
        if (_order is null)
            return new ValueTask<InferenceResult>(result);
        // It must not overtake the answers of earlier requests.
        var call = new QueuedCall(this, request, request.Inputs, 0, arrived) { Order = _order };
        _order.Enter(call);
        call.Succeed(result);
        return call.Task;
    }

    private async ValueTask<InferenceResult> FillAsync(ResponseScope responses, RequestDigest digest, long lookUp, ValueTask<InferenceResult> miss)
    {
        var result = await miss;
        var started = _time.GetTimestamp();
        try
        {
            responses.Add(digest, result.Value);
        }
        catch (Exception exception) when (exception is OutOfMemoryException or OverflowException)
        {
            // An answer of over 2 GiB, or no memory for one more copy: the caller has its answer all the same.
        }

        _counters.CacheMiss(lookUp, _time.GetTimestamp() - started);
        return result;
    }
}
