namespace Granary.Serving.Formats.Triton.Repository;

/// <summary>
/// The model repositories of this service, kept in step with the catalog: what is loaded is a definition there, so requests of every
/// protocol find it. Without repositories it shows what the catalog holds. Safe for concurrent use.
/// </summary>
public interface IModelRepository
{
    /// <summary>Who decides what is loaded.</summary>
    ModelControlMode ControlMode { get; }

    /// <summary>Why the process ends again (<see cref="ModelRepositoryOptions.ExitOnError"/>); null when it does not.</summary>
    string? StartFailure { get; }

    /// <summary>Every model of the repositories and of the catalog, by name and version.</summary>
    /// <param name="readyOnly">Only versions that are ready.</param>
    /// <param name="cancellation">Gives up.</param>
    ValueTask<IReadOnlyList<RepositoryIndexEntry>> IndexAsync(bool readyOnly, CancellationToken cancellation = default);

    /// <summary>Loads a model, or loads it again where its files changed; the versions that serve go on until the new ones are ready.</summary>
    /// <param name="name">Its directory.</param>
    /// <param name="replacement">What counts instead of the repository; null for nothing.</param>
    /// <param name="cancellation">Ends the caller's wait; the load goes on.</param>
    /// <exception cref="ServingException"><see cref="ServingError.Unavailable"/> unless the mode is explicit;
    /// <see cref="ServingError.InvalidArgument"/> for the name; <see cref="ServingError.Internal"/> with <c>failed to load</c> for everything else.</exception>
    Task LoadAsync(string name, ModelOverride? replacement = null, CancellationToken cancellation = default);

    /// <summary>Unloads every version of a model after its running calls; nothing happens when it is not loaded.</summary>
    /// <param name="name">The model.</param>
    /// <param name="withDependents">Triton's <c>unload_dependents</c>: also the models of an ensemble that no other loaded ensemble needs.</param>
    /// <param name="cancellation">Ends the caller's wait; the unloading goes on.</param>
    /// <exception cref="ServingException"><see cref="ServingError.Unavailable"/> unless the mode is explicit;
    /// <see cref="ServingError.Internal"/> with <c>failed to unload</c>: the model is not from a repository.</exception>
    Task UnloadAsync(string name, bool withDependents = false, CancellationToken cancellation = default);

    /// <summary>Why the server is not ready, one sentence each, fit for clients; empty when it is.</summary>
    ValueTask<IReadOnlyList<string>> NotReadyAsync(CancellationToken cancellation = default);
}
