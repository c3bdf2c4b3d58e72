using Granary.Torch;

namespace Granary.Serving.Clusters;

/// <summary>
/// One call of one model. Whoever makes the request owns its values and disposes them after the call returned or threw;
/// the cluster reads them only until then.
/// </summary>
public sealed record InferenceRequest
{
    /// <summary>Positional values first, then named ones.</summary>
    public required IReadOnlyList<Argument> Inputs { get; init; }

    /// <summary>The method to call. Default <c>forward</c>.</summary>
    public string Method { get; init; } = "forward";

    /// <summary>How long the caller waits from now on; null for as long as its cancellation token allows.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>
    /// The same bits every time: never joined with other requests, on one thread, without <c>optimize_for_inference</c>.
    /// Default false. What may still make a difference between machines is in docs/infernet.md.
    /// </summary>
    public bool Deterministic { get; init; }

    /// <summary>Fill <see cref="InferenceResult.Provenance"/>, which costs a hundred bytes where the answer crosses machines. Default false.</summary>
    public bool WantsProvenance { get; init; }

    /// <summary>1 is served first. Default 0: the model's own; so is one that the model does not have. See <see cref="Models.BatchingOptions.Priorities"/>.</summary>
    public ulong Priority { get; init; }

    /// <summary>
    /// How long the request may wait in the queue; only shortens what the model's queue says, and only where that allows it
    /// (<see cref="Models.QueuePolicy.AllowTimeoutOverride"/>). Null or zero for the queue's own time.
    /// </summary>
    public TimeSpan? QueueTimeout { get; init; }
}
