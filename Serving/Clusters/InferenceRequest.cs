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
}
