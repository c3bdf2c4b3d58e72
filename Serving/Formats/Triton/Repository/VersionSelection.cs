using Granary.Serving.Formats.Triton.Config;

namespace Granary.Serving.Formats.Triton.Repository;

/// <summary>Which versions a policy serves.</summary>
internal static class VersionSelection
{
    /// <summary>Ascending.</summary>
    public static IReadOnlyList<long> Select(ModelVersionPolicy policy, IReadOnlyList<long> available) => policy switch
    {
        { Specific: { } specific } => [.. available.Where(specific.Versions.Contains)],
        { All: not null } => available,
        _ => [.. available.TakeLast((int)Math.Clamp(policy.Latest?.NumVersions ?? 1, 1, int.MaxValue))],
    };

    /// <summary>Versions that a policy names and that are not there.</summary>
    public static IEnumerable<long> Missing(ModelVersionPolicy policy, IReadOnlyList<long> available) =>
        policy.Specific?.Versions.Where(version => !available.Contains(version)).Distinct() ?? [];
}
