namespace Granary.Serving.Formats.Triton.Config;

/// <summary>Where instances run.</summary>
[ProtoEnum("KIND_")]
public enum InstanceKind
{
    /// <summary>On a GPU when there is one.</summary>
    Auto = 0,

    /// <summary>On GPUs only.</summary>
    Gpu = 1,

    /// <summary>On the CPU.</summary>
    Cpu = 2,

    /// <summary>Where the model says.</summary>
    Model = 3,
}

/// <summary>Instances of one kind.</summary>
[ProtoMessage("inference.ModelInstanceGroup")]
public sealed record ModelInstanceGroup
{
    /// <summary>Name for people.</summary>
    public string Name { get; init; } = "";

    /// <summary>Where they run.</summary>
    public InstanceKind Kind { get; init; }

    /// <summary>How many, on each GPU listed; 0: 1.</summary>
    public int Count { get; init; }

    /// <summary>Shares of resources; ignored.</summary>
    public ModelRateLimiter? RateLimiter { get; init; }

    /// <summary>Numbers of GPUs; empty: every one.</summary>
    public IReadOnlyList<int> Gpus { get; init; } = [];

    /// <summary>DLA cores; refused.</summary>
    public IReadOnlyList<SecondaryDevice> SecondaryDevices { get; init; } = [];

    /// <summary>TensorRT only.</summary>
    public IReadOnlyList<string> Profile { get; init; } = [];

    /// <summary>Instances that take no requests.</summary>
    public bool Passive { get; init; }

    /// <summary>Name of a policy for cores and memory; ignored.</summary>
    public string HostPolicy { get; init; } = "";
}

/// <summary>Kind of a second device.</summary>
[ProtoEnum("KIND_")]
public enum SecondaryDeviceKind
{
    /// <summary>NVIDIA's deep learning accelerator.</summary>
    Nvdla = 0,
}

/// <summary>A device that an instance needs besides its own.</summary>
[ProtoMessage("inference.ModelInstanceGroup.SecondaryDevice")]
public sealed record SecondaryDevice
{
    /// <summary>Its kind.</summary>
    public SecondaryDeviceKind Kind { get; init; }

    /// <summary>Its number.</summary>
    [JsonText]
    public long DeviceId { get; init; }
}

/// <summary>What an instance may use.</summary>
[ProtoMessage("inference.ModelRateLimiter")]
public sealed record ModelRateLimiter
{
    /// <summary>What it takes.</summary>
    public IReadOnlyList<RateLimiterResource> Resources { get; init; } = [];

    /// <summary>Weight among instances.</summary>
    public uint Priority { get; init; }
}

/// <summary>One resource.</summary>
[ProtoMessage("inference.ModelRateLimiter.Resource")]
public sealed record RateLimiterResource
{
    /// <summary>Its name.</summary>
    public string Name { get; init; } = "";

    /// <summary>Whether all devices share it.</summary>
    public bool Global { get; init; }

    /// <summary>How many of it.</summary>
    public uint Count { get; init; }
}
