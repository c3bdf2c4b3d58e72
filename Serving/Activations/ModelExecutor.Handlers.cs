using Granary.Serving.Clusters;
using Granary.Serving.Handlers;
using Granary.Torch;

namespace Granary.Serving.Activations;

/// <content>
/// The definition's handlers around <c>forward</c>: before the queue, so that prepared tensors of concurrent requests are joined, and
/// on the caller's thread, so that the inference threads run models only.
/// </content>
internal sealed partial class ModelExecutor
{
    /// <summary>Null when the model has none.</summary>
    public HandlerChain? Handlers { get; init; }

    /// <summary>Runs one request with its handlers. The caller has entered the gate; this leaves it.</summary>
    /// <param name="request">Read only until the returned task ended.</param>
    /// <param name="arrived">Timestamp of its arrival.</param>
    /// <param name="cancellation">Ends the wait in the queue, not a call that has started.</param>
    public ValueTask<InferenceResult> HandleAsync(InferenceRequest request, long arrived, CancellationToken cancellation) =>
        Responses is { } responses && !request.Deterministic ? LookUp(responses, request, arrived, cancellation) : HandleMissAsync(request, arrived, cancellation);

    private ValueTask<InferenceResult> HandleMissAsync(InferenceRequest request, long arrived, CancellationToken cancellation) =>
        Handlers is { } handlers && request.Method == "forward" ? HandleAsync(handlers, request, arrived, cancellation) : RunAsync(request, arrived, cancellation);

    private async ValueTask<InferenceResult> HandleAsync(HandlerChain handlers, InferenceRequest request, long arrived, CancellationToken cancellation)
    {
        var made = new List<Value>();
        object?[]? notes = null;
        InferenceResult result;
        try
        {
            ServingException? fault = null;
            var inputs = request.Inputs;
            try
            {
                inputs = handlers.IsAsynchronous
                    ? await handlers.PreprocessAsync(request.Inputs, made, notes = handlers.MakeNotes(), cancellation)
                    : handlers.Preprocess(request.Inputs, made, out notes);
            }
            catch (Exception exception) when (exception is not OperationCanceledException || !cancellation.IsCancellationRequested)
            {
                fault = TorchErrors.OfCall(exception, _key, request.Method);
            }

            result = await (fault is null ? RunAsync(request with { Inputs = inputs }, arrived, cancellation) : Refuse(fault, arrived));
        }
        finally
        {
            foreach (var value in made)
                value.Dispose();
        }

        return Postprocess(handlers, notes, result, request.Method);
    }

    private InferenceResult Postprocess(HandlerChain handlers, object?[]? notes, InferenceResult result, string method)
    {
        var made = new List<Value>();
        var owner = new HandledAnswer(made, result);
        try
        {
            var answer = handlers.Postprocess(result.Value, made, notes);
            return ReferenceEquals(answer, result.Value)
                ? result
                : new InferenceResult(result.Key, answer, owner, result.Timing) { Provenance = result.Provenance };
        }
        catch (Exception exception)
        {
            owner.Dispose();
            throw TorchErrors.OfCall(exception, _key, method);
        }
    }

    /// <summary>An answer may refer to what it was made of, so all go together.</summary>
    private sealed class HandledAnswer(List<Value> made, InferenceResult result) : IDisposable
    {
        public void Dispose()
        {
            foreach (var value in made)
                value.Dispose();
            result.Dispose();
        }
    }
}
