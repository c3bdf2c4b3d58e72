namespace Granary.Serving.Models;

/// <summary>One name of the catalog with its versions.</summary>
/// <param name="Name">Catalog name.</param>
/// <param name="DefaultVersion">The version that a request without one gets.</param>
/// <param name="Versions">Every version in ascending order; never empty.</param>
public sealed record CatalogModel(string Name, string DefaultVersion, IReadOnlyList<ModelDefinition> Versions)
{
    /// <summary>The definition of one version; null when there is none.</summary>
    public ModelDefinition? Find(string version)
    {
        foreach (var definition in Versions)
        {
            if (definition.Version == version)
                return definition;
        }

        return null;
    }

    /// <summary>The definition of <see cref="DefaultVersion"/>.</summary>
    public ModelDefinition Default => Find(DefaultVersion)!;
}
