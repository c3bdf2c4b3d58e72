using Granary.Api.Http;
using Granary.Api.Infernet.Receipts;

namespace Granary.Api.Infernet;

/// <summary>The protocol of Ritual's Infernet torch service, all generations, off-chain and on-chain.</summary>
internal static class InfernetExtensions
{
    private static readonly string[] Reading = [HttpMethods.Get, HttpMethods.Head];
    private static readonly ReadOnlyMemory<byte> Index = "{\"message\":\"Torch ML Inference Service\"}"u8.ToArray();

    /// <summary>Registers the endpoints.</summary>
    public static IServiceCollection AddInfernet(this IServiceCollection services)
    {
        services.AddReceipts();
        services.AddSingleton<ServiceOutputEndpoint>();
        services.AddSingleton<ResourceSnapshots>();
        services.AddSingleton<ServiceResourcesEndpoint>();
        return services;
    }

    /// <summary>Maps the open endpoints and <c>POST /service_output</c>.</summary>
    /// <returns>The builder of <c>/service_output</c>, to which a bearer check may be added; nodes call the others without one.</returns>
    public static IEndpointConventionBuilder MapInfernet(this IEndpointRouteBuilder endpoints)
    {
        var output = endpoints.ServiceProvider.GetRequiredService<ServiceOutputEndpoint>();
        var resources = endpoints.ServiceProvider.GetRequiredService<ServiceResourcesEndpoint>();
        endpoints.MapMethods("/", Reading, static context => Responses.WriteAsync(context.Response, StatusCodes.Status200OK, Responses.Json, Index));
        endpoints.MapMethods("/service-resources", Reading, resources.HandleAsync);
        endpoints.MapMethods("/receipts/key", Reading, endpoints.ServiceProvider.GetRequiredService<ReceiptKeyEndpoint>().HandleAsync);
        return endpoints.MapPost("/service_output", output.HandleAsync);
    }
}
