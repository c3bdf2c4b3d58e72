namespace Granary.Grains.Catalog;

/// <summary>
/// What the catalog grain keeps in storage: our own versioned JSON as text, so that whatever serializer a storage provider uses
/// has nothing to interpret.
/// </summary>
[GenerateSerializer, Alias("granary.CatalogState")]
internal sealed class CatalogState
{
    /// <summary>What <see cref="CatalogSnapshot.ToJson"/> wrote; null before the first write.</summary>
    [Id(0)]
    public string? Json { get; set; }
}
