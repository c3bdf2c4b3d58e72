using Granary.Serving.Models;

namespace Granary.Serving.Clusters;

/// <summary>The cluster of one machine: every activation lives in this process.</summary>
internal sealed class InProcessModelCluster(ActivationTable table) : IModelCluster
{
    /// <inheritdoc/>
    public ValueTask<InferenceResult> InferAsync(ModelKey key, InferenceRequest request, CancellationToken cancellation = default) =>
        table.TryGet(key) is { } activation && activation.TryInfer(request, cancellation, out var result)
            ? result
            : InferSlowlyAsync(key, request, cancellation);

    /// <inheritdoc/>
    public async ValueTask<ModelStatus> LoadAsync(ModelKey key, CancellationToken cancellation = default)
    {
        while (true)
        {
            var activation = await table.GetAsync(key, cancellation);
            try
            {
                return await activation.WaitReadyAsync(ignoreBackoff: true, cancellation);
            }
            // Let go by the table meanwhile: asking again gives another activation or says why there is none.
            catch (ServingException) when (activation.IsRetired)
            {
            }
        }
    }

    /// <inheritdoc/>
    public async ValueTask<bool> UnloadAsync(ModelKey key, CancellationToken cancellation = default) =>
        table.Find(key) is { } activation && await activation.DrainAsync().WaitAsync(cancellation);

    /// <inheritdoc/>
    public async ValueTask<ModelStatus> PinAsync(ModelKey key, bool pinned, CancellationToken cancellation = default)
    {
        while (true)
        {
            var activation = await table.GetAsync(key, cancellation);
            activation.IsPinned = pinned;
            if (!activation.IsRetired)
                return activation.Status;
        }
    }

    /// <inheritdoc/>
    public async ValueTask<ModelStatus> ScaleAsync(ModelKey key, int instances, CancellationToken cancellation = default)
    {
        var activation = await table.GetAsync(key, cancellation);
        activation.Instances = instances;
        return activation.Status;
    }

    /// <inheritdoc/>
    public async ValueTask<ModelStatus> GetStatusAsync(ModelKey key, CancellationToken cancellation = default) =>
        (await table.GetAsync(key, cancellation)).Status;

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<ModelStatus>> ListAsync(CancellationToken cancellation = default)
    {
        var statuses = table.Activations.Select(activation => activation.Status)
            .Where(status => status.State != ModelState.Unloaded)
            .OrderBy(status => status.Key.ToString(), StringComparer.Ordinal)
            .ToArray();
        return ValueTask.FromResult<IReadOnlyList<ModelStatus>>(statuses);
    }

    private async ValueTask<InferenceResult> InferSlowlyAsync(ModelKey key, InferenceRequest request, CancellationToken cancellation)
    {
        while (true)
        {
            var activation = await table.GetAsync(key, cancellation);
            try
            {
                return await activation.InferAsync(request, cancellation);
            }
            // As above.
            catch (ServingException exception) when (exception.Error == ServingError.Unavailable && activation.IsRetired)
            {
            }
        }
    }
}
