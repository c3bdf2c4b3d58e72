using Granary.Serving;
using Granary.Serving.Clusters;
using Granary.Serving.Embeddings;
using Granary.Serving.Formats.Triton.Repository;

namespace Granary.Api.Health;

/// <summary>Answers the three questions of an orchestrator: alive, started, ready?</summary>
internal sealed class HealthProbe(ReadinessState readiness, IModelCluster cluster, IHostApplicationLifetime lifetime, IModelRepository? repository = null, IEmbeddingTables? embeddings = null)
{
    /// <summary>The process runs and answers; nothing else is looked at, so a failing model never gets the process killed.</summary>
    public static readonly HealthReport Live = new("live");

    /// <summary>Whether the server listens. Models do not count: a slow download must not get the process killed.</summary>
    public HealthReport Startup() => lifetime.ApplicationStarted.IsCancellationRequested
        ? new HealthReport("started")
        : new HealthReport("starting", ["the server has not finished starting"]);

    /// <summary>Whether to send traffic: not draining, every required model is loaded or was loaded by now, and so are the model repositories.</summary>
    public async ValueTask<HealthReport> ReadyAsync(CancellationToken cancellation)
    {
        List<string> reasons = [];
        if (lifetime.ApplicationStopping.IsCancellationRequested)
            reasons.Add("draining: the process is shutting down");
        if (embeddings is { IsConfigured: true, Reason: { } missing })
            reasons.Add(missing);
        List<HealthModel> models = [];
        foreach (var required in readiness.Models)
        {
            var model = await RefreshAsync(required, cancellation);
            models.Add(new HealthModel(model.Key.ToString(), model.State.ToString().ToLowerInvariant(), model.Reason));
            if (model.State != ModelState.Ready)
                reasons.Add(Describe(model));
        }

        if (repository is not null)
            reasons.AddRange(await repository.NotReadyAsync(cancellation));
        return new HealthReport(reasons.Count == 0 ? "ready" : "unready", reasons.Count == 0 ? null : reasons, models);
    }

    private static string Describe(RequiredModel model) => model.State switch
    {
        ModelState.Loading => $"model '{model.Key}' is loading",
        ModelState.Failed => $"model '{model.Key}' failed to load: {model.Reason ?? "no reason was given"}",
        _ => $"model '{model.Key}' is not loaded yet",
    };

    // A preload that failed is not the last word: a later request may have loaded the model. Once ready it stays ready here,
    // because a model that left memory when idle comes back with the next request.
    private async ValueTask<RequiredModel> RefreshAsync(RequiredModel model, CancellationToken cancellation)
    {
        if (model.State != ModelState.Failed)
            return model;
        try
        {
            var status = await cluster.GetStatusAsync(model.Key, cancellation);
            if (status.State == ModelState.Ready)
            {
                readiness.SetModelState(model.Key, ModelState.Ready);
                return new RequiredModel(model.Key, ModelState.Ready, null);
            }

            return model with { Reason = status.Reason ?? model.Reason };
        }
        catch (ServingException exception)
        {
            return model with { Reason = model.Reason ?? exception.Message };
        }
    }
}
