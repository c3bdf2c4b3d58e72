using Granary.Serving.Models;

namespace Granary.Serving.Clusters;

/// <summary>
/// The door to every model: infer, load, unload, status by model key. In-process by default; Orleans puts grains behind it.
/// All methods are safe for concurrent use and throw only <see cref="ServingException"/>, or
/// <see cref="OperationCanceledException"/> when the caller's own token was cancelled.
/// </summary>
public interface IModelCluster
{
    /// <summary>Runs one method of one model version, loading it first if need be.</summary>
    /// <param name="key">A key that the catalog holds or whose source is allowed; checked by the implementation.</param>
    /// <param name="request">Inputs stay the caller's; they may be released once this returned or threw.</param>
    /// <param name="cancellation">Ends the caller's wait; a load that others wait for goes on.</param>
    /// <returns>A result that the caller disposes.</returns>
    ValueTask<InferenceResult> InferAsync(ModelKey key, InferenceRequest request, CancellationToken cancellation = default);

    /// <summary>Loads and warms a version and waits until it is ready; at once when it is.</summary>
    ValueTask<ModelStatus> LoadAsync(ModelKey key, CancellationToken cancellation = default);

    /// <summary>Unloads a version after its running calls finished.</summary>
    /// <returns>False when it was not loaded.</returns>
    ValueTask<bool> UnloadAsync(ModelKey key, CancellationToken cancellation = default);

    /// <summary>Exempts a version from idle unloading and eviction, or ends that.</summary>
    ValueTask<ModelStatus> PinAsync(ModelKey key, bool pinned, CancellationToken cancellation = default);

    /// <summary>Applies a changed number of instances to what is running; calls in flight are not disturbed. The caller changes the catalog first.</summary>
    /// <param name="key">A catalog key.</param>
    /// <param name="instances">As <see cref="ModelDefinition.Instances"/>.</param>
    /// <param name="cancellation">Ends the caller's wait.</param>
    ValueTask<ModelStatus> ScaleAsync(ModelKey key, int instances, CancellationToken cancellation = default);

    /// <summary>The state of one version; <see cref="ModelState.Unloaded"/> when it is not in memory.</summary>
    ValueTask<ModelStatus> GetStatusAsync(ModelKey key, CancellationToken cancellation = default);

    /// <summary>Every version that is in memory, is loading or failed lately.</summary>
    ValueTask<IReadOnlyList<ModelStatus>> ListAsync(CancellationToken cancellation = default);
}
