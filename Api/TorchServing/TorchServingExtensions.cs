using Granary.Api.Security;
using Granary.Serving.Servables;

namespace Granary.Api.TorchServing;

/// <summary>The protocol of torch-serving: two paths.</summary>
internal static class TorchServingExtensions
{
    /// <summary>Where models are run.</summary>
    public const string ServePath = "/serve";

    /// <summary>Where balancers look.</summary>
    public const string HealthPath = "/healthcheck";

    private static readonly string[] Reading = [HttpMethods.Get, HttpMethods.Head];

    /// <summary>Registers the endpoint; needs a cluster and a catalog.</summary>
    public static IServiceCollection AddTorchServing(this IServiceCollection services)
    {
        services.AddServables();
        services.AddSingleton<ServeEndpoint>();
        return services;
    }

    /// <summary>Maps both paths; <c>/serve</c> asks for the bearer token where there is one.</summary>
    public static IEndpointRouteBuilder MapTorchServing(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapMethods(HealthPath, Reading, ServeResponse.WriteHealthAsync).WithMetadata(TorchServingDescriptions.Health);
        endpoints.MapPost(ServePath, endpoints.ServiceProvider.GetRequiredService<ServeEndpoint>().HandleAsync).WithMetadata(TorchServingDescriptions.Serve).RequireBearer();
        return endpoints;
    }
}
