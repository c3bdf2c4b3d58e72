namespace Granary.Serving.Formats.Triton.Config;

/// <summary>Requests that belong together go to the same instance.</summary>
[ProtoMessage("inference.ModelSequenceBatching")]
public sealed record ModelSequenceBatching
{
    /// <summary>One row a sequence.</summary>
    [OneOf("strategy_choice")]
    public SequenceDirect? Direct { get; init; }

    /// <summary>Oldest first.</summary>
    [OneOf("strategy_choice")]
    public SequenceOldest? Oldest { get; init; }

    /// <summary>When a silent sequence ends, in microseconds.</summary>
    public ulong MaxSequenceIdleMicroseconds { get; init; }

    /// <summary>Inputs that tell the model about its sequence.</summary>
    public IReadOnlyList<SequenceControlInput> ControlInput { get; init; } = [];

    /// <summary>State kept between requests.</summary>
    public IReadOnlyList<SequenceState> State { get; init; } = [];

    /// <summary>Whether a model may put a request back.</summary>
    public bool IterativeSequence { get; init; }
}

/// <summary>What a control tells.</summary>
[ProtoEnum("CONTROL_")]
public enum SequenceControlKind
{
    /// <summary>A sequence begins.</summary>
    SequenceStart = 0,

    /// <summary>A row is in use.</summary>
    SequenceReady = 1,

    /// <summary>A sequence ends.</summary>
    SequenceEnd = 2,

    /// <summary>The number of the sequence.</summary>
    SequenceCorrid = 3,
}

/// <summary>One control.</summary>
[ProtoMessage("inference.ModelSequenceBatching.Control")]
public sealed record SequenceControl
{
    /// <summary>What it tells.</summary>
    public SequenceControlKind Kind { get; init; }

    /// <summary>False and true as INT32.</summary>
    public IReadOnlyList<int> Int32FalseTrue { get; init; } = [];

    /// <summary>False and true as FP32.</summary>
    public IReadOnlyList<float> Fp32FalseTrue { get; init; } = [];

    /// <summary>False and true as BOOL.</summary>
    public IReadOnlyList<bool> BoolFalseTrue { get; init; } = [];

    /// <summary>Element type of the number of the sequence.</summary>
    public DataType DataType { get; init; }
}

/// <summary>An input for controls.</summary>
[ProtoMessage("inference.ModelSequenceBatching.ControlInput")]
public sealed record SequenceControlInput
{
    /// <summary>Name in the model.</summary>
    public string Name { get; init; } = "";

    /// <summary>What it tells.</summary>
    public IReadOnlyList<SequenceControl> Control { get; init; } = [];
}

/// <summary>The first value of a state.</summary>
[ProtoMessage("inference.ModelSequenceBatching.InitialState")]
public sealed record SequenceInitialState
{
    /// <summary>Element type.</summary>
    public DataType DataType { get; init; }

    /// <summary>Sizes without the batch.</summary>
    [JsonText]
    public IReadOnlyList<long> Dims { get; init; } = [];

    /// <summary>Zeros.</summary>
    [OneOf("state_data")]
    public bool? ZeroData { get; init; }

    /// <summary>A file.</summary>
    [OneOf("state_data")]
    public string? DataFile { get; init; }

    /// <summary>Its name.</summary>
    public string Name { get; init; } = "";
}

/// <summary>A tensor that goes from one request to the next.</summary>
[ProtoMessage("inference.ModelSequenceBatching.State")]
public sealed record SequenceState
{
    /// <summary>Input that gets it.</summary>
    public string InputName { get; init; } = "";

    /// <summary>Output that gives it.</summary>
    public string OutputName { get; init; } = "";

    /// <summary>Element type.</summary>
    public DataType DataType { get; init; }

    /// <summary>Sizes without the batch.</summary>
    public IReadOnlyList<long> Dims { get; init; } = [];

    /// <summary>First values.</summary>
    public IReadOnlyList<SequenceInitialState> InitialState { get; init; } = [];

    /// <summary>Whether input and output share memory.</summary>
    public bool UseSameBufferForInputOutput { get; init; }

    /// <summary>Whether its memory may grow.</summary>
    public bool UseGrowableMemory { get; init; }
}

/// <summary>One row a sequence.</summary>
[ProtoMessage("inference.ModelSequenceBatching.StrategyDirect")]
public sealed record SequenceDirect
{
    /// <summary>How long a request may wait, in microseconds.</summary>
    public ulong MaxQueueDelayMicroseconds { get; init; }

    /// <summary>Share of rows to wait for, 0 to 1.</summary>
    public float MinimumSlotUtilization { get; init; }
}

/// <summary>Oldest first.</summary>
[ProtoMessage("inference.ModelSequenceBatching.StrategyOldest")]
public sealed record SequenceOldest
{
    /// <summary>Sequences at once.</summary>
    public int MaxCandidateSequences { get; init; }

    /// <summary>Sizes that are run without waiting for more.</summary>
    public IReadOnlyList<int> PreferredBatchSize { get; init; } = [];

    /// <summary>How long a request may wait, in microseconds.</summary>
    public ulong MaxQueueDelayMicroseconds { get; init; }

    /// <summary>Whether answers leave in the order of their requests.</summary>
    public bool PreserveOrdering { get; init; }
}
