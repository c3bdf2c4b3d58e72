namespace Granary.Serving.Sources;

/// <summary>Where local models may be.</summary>
public sealed class LocalSourceOptions
{
    /// <summary>Name of the configuration section.</summary>
    public const string SectionName = "LocalSource";

    /// <summary>
    /// Directories that ids which the operator did not name may reach; relative paths are looked for in each in turn. Default
    /// none: such ids are refused.
    /// </summary>
    public string[] Roots { get; set; } = [];

    /// <summary>
    /// A cache of Infernet services 2.0 (their <c>TORCH_CACHE_DIR</c>): <c>local/owner/name[/version][:file]</c> is looked for in
    /// <c>CACHE/local/owner/name/{version|default}/file</c>. Default none.
    /// </summary>
    public string? InfernetCache { get; set; }

    /// <summary>
    /// Whether Arweave and Hugging Face ids are looked for in <see cref="InfernetCache"/> before their source is asked. Default
    /// true; means nothing without a cache.
    /// </summary>
    public bool UseInfernetCache { get; set; } = true;
}
