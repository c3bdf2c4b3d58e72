using Granary.Serving;
using Granary.Serving.Formats.Triton.Repository;
using Granary.Serving.Models;

namespace Granary.Api.TorchServe;

/// <summary>Finds models in the catalog, with TorchServe's words for what is missing.</summary>
internal sealed class TorchServeModels(IModelCatalog catalog, IServedModels served)
{
    /// <summary>A model with its versions.</summary>
    /// <exception cref="TorchServeException">404.</exception>
    public async ValueTask<CatalogModel> RequireAsync(string name, CancellationToken cancellation) =>
        await FindAsync(name, cancellation) ?? throw TorchServeException.ModelNotFound(name);

    /// <summary>One version; the default one where none is named.</summary>
    /// <exception cref="TorchServeException">404.</exception>
    public ValueTask<ModelDefinition> RequireAsync(string name, string? version, CancellationToken cancellation)
    {
        var found = catalog.FindAsync(name, cancellation);
        return found.IsCompletedSuccessfully ? new(Select(found.Result, name, version)) : SelectAsync(found, name, version);
    }

    /// <summary>Every model that serves, by name.</summary>
    public async ValueTask<IReadOnlyList<CatalogModel>> ListAsync(CancellationToken cancellation)
    {
        var names = (await served.NamesAsync(cancellation)).ToHashSet(StringComparer.Ordinal);
        var all = await catalog.ListAsync(cancellation);
        return [.. all.Where(model => names.Contains(model.Name)).OrderBy(static model => model.Name, StringComparer.Ordinal)];
    }

    private async ValueTask<CatalogModel?> FindAsync(string name, CancellationToken cancellation)
    {
        try
        {
            await served.FindAsync(name, "", cancellation);
        }
        catch (ServingException exception) when (exception.Error == ServingError.NotFound)
        {
            return null;
        }

        return await catalog.FindAsync(name, cancellation);
    }

    private static async ValueTask<ModelDefinition> SelectAsync(ValueTask<CatalogModel?> found, string name, string? version) => Select(await found, name, version);

    private static ModelDefinition Select(CatalogModel? model, string name, string? version)
    {
        if (model is null)
            throw TorchServeException.ModelNotFound(name);
        if (version is null)
            return model.Default;
        // Versions of other protocols are whole numbers, which TorchServe's clients may write as 1.0.
        return model.Find(version) ?? (version.EndsWith(".0", StringComparison.Ordinal) ? model.Find(version[..^2]) : null)
            ?? throw TorchServeException.VersionNotFound(name, version);
    }
}
