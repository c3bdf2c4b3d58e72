using Granary.Serving.Models;

namespace Granary.Serving.Sources;

/// <summary>
/// A place weights come from. A new one is one class and one registration in <see cref="ModelSourcesExtensions"/>; storing,
/// resuming and verifying are the weights store's business.
/// </summary>
internal interface IModelSource
{
    /// <summary>The ids it understands.</summary>
    ModelSourceKind Kind { get; }

    /// <summary>Whether the id names content that can never change, so that a stored copy needs no question to the source.</summary>
    bool IsPinned(ModelId id) => false;

    /// <summary>Finds the file without fetching it.</summary>
    /// <param name="id">An id of this <see cref="Kind"/>.</param>
    /// <param name="trusted">The operator named it.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="ServingException"><see cref="ServingError.NotFound"/> and <see cref="ServingError.PermissionDenied"/> are
    /// the source's word; <see cref="ServingError.SourceFailed"/> means that it could not be asked, so a stored copy may serve.</exception>
    Task<SourceFile> ResolveAsync(ModelId id, bool trusted, CancellationToken cancellation);
}
