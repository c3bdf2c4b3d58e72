namespace Granary.Serving.Models;

/// <summary>Where the file catalog keeps its one file.</summary>
public sealed class CatalogOptions
{
    /// <summary>Name of the configuration section.</summary>
    public const string SectionName = "Catalog";

    /// <summary>Directory of <c>catalog.json</c>, made when missing. Default <c>.granary/catalog</c> under the working directory.</summary>
    public string Directory { get; set; } = Path.Combine(".granary", "catalog");

    /// <summary>
    /// Begin with an empty catalog when the file cannot be read, after renaming it to <c>catalog.json.corrupt-N</c>. Default
    /// false: refuse to start, because a service that comes up without its models looks healthy.
    /// </summary>
    public bool StartEmptyWhenCorrupt { get; set; }
}
