using Granary.Api.OpenInference.Http;
using Granary.Api.Security;

namespace Granary.Api.OpenInference.V1;

/// <summary>The V1 protocol of KServe, which is that of TensorFlow Serving.</summary>
internal static class OpenInferenceV1Extensions
{
    private static readonly string[] Reading = [HttpMethods.Get, HttpMethods.Head];

    /// <summary>Registers the endpoints; needs a catalog, a cluster and model repositories.</summary>
    public static IServiceCollection AddOpenInferenceV1(this IServiceCollection services)
    {
        services.AddSingleton<PredictEndpoint>();
        services.AddSingleton<V1ModelsEndpoint>();
        return services;
    }

    /// <summary>Maps everything under <c>/v1/models</c>; all of it asks for the bearer token where there is one.</summary>
    public static IEndpointRouteBuilder MapOpenInferenceV1(this IEndpointRouteBuilder endpoints)
    {
        var predict = endpoints.ServiceProvider.GetRequiredService<PredictEndpoint>();
        var models = endpoints.ServiceProvider.GetRequiredService<V1ModelsEndpoint>();
        endpoints.MapMethods("/v1/models", Reading, models.ListAsync).WithMetadata(V1Descriptions.List).RequireBearer().RestrictTo(ApiGroup.Metadata);
        endpoints.MapMethods("/v1/models/{model}", Reading, models.ReadyAsync).WithMetadata(V1Descriptions.Ready).RequireBearer().RestrictTo(ApiGroup.Health);
        foreach (var path in (string[])["/v1/models/{model}", "/v1/models/{model}/versions/{version}"])
        {
            endpoints.MapPost($"{path}:predict", predict.HandleAsync).WithMetadata(V1Descriptions.Predict).RequireBearer().RestrictTo(ApiGroup.Inference);
            endpoints.MapPost($"{path}:explain", V1ModelsEndpoint.ExplainAsync).WithMetadata(V1Descriptions.Explain).RequireBearer().RestrictTo(ApiGroup.Inference);
        }

        return endpoints;
    }
}
