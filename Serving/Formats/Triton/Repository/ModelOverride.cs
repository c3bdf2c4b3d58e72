namespace Granary.Serving.Formats.Triton.Repository;

/// <summary>What a load request brings along instead of what the repository holds.</summary>
public sealed record ModelOverride
{
    /// <summary>The whole configuration as JSON; null for the repository's.</summary>
    public string? Config { get; init; }

    /// <summary>Files by their path in the model's directory, such as <c>1/model.pt</c>; they replace all of the repository's.</summary>
    public IReadOnlyDictionary<string, byte[]> Files { get; init; } = new Dictionary<string, byte[]>();
}
