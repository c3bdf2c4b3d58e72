using Granary.Api.Security;
using Granary.Serving.Embeddings;

namespace Granary.Api.Persia;

/// <summary>
/// Persia's own calls, so that its workers and handlers can use this service as an embedding server and as a worker. Source:
/// PersiaML/PERSIA, <c>rust/others/persia-rpc-macro/src/lib.rs</c>.
/// </summary>
internal static class PersiaExtensions
{
    /// <summary>Registers the endpoints; they need <see cref="IEmbeddingTables"/>.</summary>
    public static IServiceCollection AddPersia(this IServiceCollection services)
    {
        services.AddSingleton<PersiaEndpoints>();
        return services;
    }

    /// <summary>Maps the calls when there are embeddings; all ask for the bearer token where there is one.</summary>
    public static IEndpointRouteBuilder MapPersia(this IEndpointRouteBuilder endpoints)
    {
        if (endpoints.ServiceProvider.GetService<IEmbeddingTables>() is not { IsConfigured: true })
            return endpoints;
        var persia = endpoints.ServiceProvider.GetRequiredService<PersiaEndpoints>();
        var group = endpoints.MapGroup("").RequireBearer();
        group.MapPost("/ready_for_serving_web_api", persia.ReadyAsync).WithMetadata(PersiaDescriptions.Ready);
        group.MapPost("/model_manager_status_web_api", persia.StatusAsync).WithMetadata(PersiaDescriptions.Status);
        group.MapPost("/replica_index_web_api", persia.ReplicaIndexAsync).WithMetadata(PersiaDescriptions.ReplicaIndex);
        group.MapPost("/lookup_mixed_web_api", persia.LookupMixedAsync).WithMetadata(PersiaDescriptions.LookupMixed);
        group.MapPost("/lookup_inference_web_api", persia.LookupInferenceAsync).WithMetadata(PersiaDescriptions.LookupInference);
        group.MapPost("/forward_batched_direct_web_api", persia.ForwardAsync).WithMetadata(PersiaDescriptions.Forward);
        return endpoints;
    }
}
