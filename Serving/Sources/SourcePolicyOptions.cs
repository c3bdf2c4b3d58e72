using Granary.Serving.Models;

namespace Granary.Serving.Sources;

/// <summary>What ids that the operator did not name may ask for.</summary>
public sealed class SourcePolicyOptions
{
    /// <summary>Name of the configuration section.</summary>
    public const string SectionName = "SourcePolicy";

    /// <summary>
    /// Kinds of source that may be asked for. Null (the default) allows all four; local files are refused anyway unless
    /// <see cref="LocalSourceOptions.Roots"/> names a root.
    /// </summary>
    public ModelSourceKind[]? AllowedSources { get; set; }

    /// <summary>
    /// Owners (<c>owner</c>) or repositories (<c>owner/name</c>) a kind is limited to; a kind without entries is not limited. See
    /// <see cref="OwnerList"/> for <c>ALLOWED_ARWEAVE_OWNERS</c>. For <c>blob</c> the owner is the container. Default empty.
    /// </summary>
    public Dictionary<ModelSourceKind, string[]> AllowedOwners { get; set; } = [];

    /// <summary>Largest file, in bytes. Default 10 GiB.</summary>
    public long MaxFileBytes { get; set; } = 10L << 30;
}
