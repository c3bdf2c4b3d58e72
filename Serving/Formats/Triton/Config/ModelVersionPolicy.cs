namespace Granary.Serving.Formats.Triton.Config;

/// <summary>Which versions of a model are served; one of the three.</summary>
[ProtoMessage("inference.ModelVersionPolicy")]
public sealed record ModelVersionPolicy
{
    /// <summary>The newest ones.</summary>
    [OneOf("policy_choice")]
    public LatestVersions? Latest { get; init; }

    /// <summary>Every one.</summary>
    [OneOf("policy_choice")]
    public AllVersions? All { get; init; }

    /// <summary>Those named.</summary>
    [OneOf("policy_choice")]
    public SpecificVersions? Specific { get; init; }
}

/// <summary>The newest versions.</summary>
[ProtoMessage("inference.ModelVersionPolicy.Latest")]
public sealed record LatestVersions
{
    /// <summary>How many; 0 counts as 1.</summary>
    public uint NumVersions { get; init; }
}

/// <summary>Every version.</summary>
[ProtoMessage("inference.ModelVersionPolicy.All")]
public sealed record AllVersions;

/// <summary>Named versions.</summary>
[ProtoMessage("inference.ModelVersionPolicy.Specific")]
public sealed record SpecificVersions
{
    /// <summary>Their numbers.</summary>
    public IReadOnlyList<long> Versions { get; init; } = [];
}
