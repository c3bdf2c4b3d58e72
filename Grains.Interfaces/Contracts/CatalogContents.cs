namespace Granary.Grains.Interfaces.Contracts;

/// <summary>The whole catalog at one revision.</summary>
[GenerateSerializer, Immutable, Alias("granary.CatalogContents")]
public sealed record CatalogContents
{
    /// <summary>Grows by one with every write.</summary>
    [Id(0)]
    public long Revision { get; init; }

    /// <summary>Every model, sorted by name.</summary>
    [Id(1)]
    public CatalogModel[] Models { get; init; } = [];
}
