using Granary.Grains.Interfaces.Payloads;

namespace Granary.Grains.Interfaces.Contracts;

/// <summary>One inference call on its way to a model grain.</summary>
[GenerateSerializer, Immutable, Alias("granary.InferCall")]
public sealed record InferCall
{
    /// <summary>The inputs, positional first. Disposed by the grain.</summary>
    [Id(0)]
    public required ValuePayload[] Inputs { get; init; }

    /// <summary>Names as many as <see cref="Inputs"/>, null for positional ones; null when all are positional.</summary>
    [Id(1)]
    public string?[]? Names { get; init; }

    /// <summary>The method to call.</summary>
    [Id(2)]
    public required string Method { get; init; }

    /// <summary>How long the caller still waits; null for no limit. A duration, so that clocks need not agree.</summary>
    [Id(3)]
    public TimeSpan? Timeout { get; init; }

    /// <summary>The same bits every time.</summary>
    [Id(4)]
    public bool Deterministic { get; init; }

    /// <summary>Chosen at random by the caller, who asks by it whether the call is still there; see <see cref="IModelGrain.HoldsAsync"/>.</summary>
    [Id(5)]
    public long CallId { get; init; }

    /// <summary>Say with what the answer was computed.</summary>
    [Id(6)]
    public bool WantsProvenance { get; init; }

    /// <summary>1 is served first; 0 for the model's own.</summary>
    [Id(7)]
    public ulong Priority { get; init; }

    /// <summary>How long the call may wait in the model's queue; null for the queue's own time.</summary>
    [Id(8)]
    public TimeSpan? QueueTimeout { get; init; }
}

/// <summary>What a model grain answered.</summary>
[GenerateSerializer, Immutable, Alias("granary.InferReply")]
public sealed record InferReply
{
    /// <summary>The method's result. Disposed by the caller.</summary>
    [Id(0)]
    public required ValuePayload Result { get; init; }

    /// <summary>From arrival at the activation to the start of the call.</summary>
    [Id(1)]
    public TimeSpan Queue { get; init; }

    /// <summary>The native call.</summary>
    [Id(2)]
    public TimeSpan Compute { get; init; }

    /// <summary>Calls waiting and running at this activation when it answered; callers choose between replicas by it.</summary>
    [Id(3)]
    public int Load { get; init; }

    /// <summary>SHA-256 of the weights, lower-case hex; null unless <see cref="InferCall.WantsProvenance"/>.</summary>
    [Id(4)]
    public string? Sha256 { get; init; }

    /// <summary>What ran the model; null unless <see cref="InferCall.WantsProvenance"/>.</summary>
    [Id(5)]
    public string? Engine { get; init; }
}
