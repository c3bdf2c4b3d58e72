using Granary.Serving.Models;

namespace Granary.Api.Infernet;

/// <summary>Which model a request means: one version by <paramref name="Key"/>, or the default version of a catalog name.</summary>
/// <param name="Key">Set when the request says the version or names its own source.</param>
/// <param name="CatalogName">Used when <paramref name="Key"/> is null.</param>
internal readonly record struct ModelReference(ModelKey? Key, string CatalogName)
{
    /// <summary>The default version of a catalog name.</summary>
    public static ModelReference Named(string name) => new(null, name);

    /// <summary>A model by the source that the request itself names.</summary>
    public static ModelReference AdHoc(ModelId id) => new(ModelKey.AdHoc(id), "");
}
