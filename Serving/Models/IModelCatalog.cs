namespace Granary.Serving.Models;

/// <summary>
/// Durable map from name to versions to definition. Reads are served from memory; a write that returned has reached the disk
/// (or the grain's storage) and survives a kill. Safe for concurrent use.
/// </summary>
public interface IModelCatalog
{
    /// <summary>The model of that name; null when there is none.</summary>
    ValueTask<CatalogModel?> FindAsync(string name, CancellationToken cancellation = default);

    /// <summary>Every model, sorted by name.</summary>
    ValueTask<IReadOnlyList<CatalogModel>> ListAsync(CancellationToken cancellation = default);

    /// <summary>Adds one version. The first version of a name becomes its default.</summary>
    /// <param name="definition">What to add.</param>
    /// <param name="makeDefault">Make it the default even when others exist.</param>
    /// <param name="cancellation">Gives up before the write starts, never in the middle.</param>
    /// <exception cref="ServingException"><see cref="ServingError.AlreadyExists"/> when the version exists with another content
    /// (the same content is accepted again); <see cref="ServingError.InvalidArgument"/> when the definition is invalid, all faults in one message.</exception>
    ValueTask RegisterAsync(ModelDefinition definition, bool makeDefault = false, CancellationToken cancellation = default);

    /// <summary>
    /// Puts a definition in the place of the one with the same key, or adds it; the default stays. What runs serves the new one as
    /// soon as it is seen. An implementation should do it in one step; this one is without the version for a moment.
    /// </summary>
    /// <param name="definition">What the key is from now on.</param>
    /// <param name="cancellation">Gives up before the write starts, never in the middle.</param>
    /// <exception cref="ServingException"><see cref="ServingError.InvalidArgument"/> when the definition is invalid, all faults in one message.</exception>
    async ValueTask ReplaceAsync(ModelDefinition definition, CancellationToken cancellation = default)
    {
        ModelDefinitionValidator.ThrowIfInvalid(definition);
        var wasDefault = (await FindAsync(definition.Name, cancellation))?.DefaultVersion == definition.Version;
        await DeleteAsync(definition.Key, cancellation);
        await RegisterAsync(definition, wasDefault, cancellation);
    }

    /// <summary>Makes one version the default.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.NotFound"/>.</exception>
    ValueTask SetDefaultAsync(ModelKey key, CancellationToken cancellation = default);

    /// <summary>Changes <see cref="ModelDefinition.Instances"/> of one version; everything else of a definition stays as registered.</summary>
    /// <returns>The changed definition.</returns>
    /// <exception cref="ServingException"><see cref="ServingError.NotFound"/>, or <see cref="ServingError.InvalidArgument"/> for a negative count.</exception>
    ValueTask<ModelDefinition> ScaleAsync(ModelKey key, int instances, CancellationToken cancellation = default);

    /// <summary>Removes one version; the highest remaining version becomes the default when the default goes.</summary>
    /// <returns>False when it did not exist.</returns>
    ValueTask<bool> DeleteAsync(ModelKey key, CancellationToken cancellation = default);
}
