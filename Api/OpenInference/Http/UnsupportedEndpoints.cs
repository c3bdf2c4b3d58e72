using Granary.Api.Http;
using Granary.Serving;

namespace Granary.Api.OpenInference.Http;

/// <summary>
/// Extensions that this server does not have. Clients ask for the state of shared memory and clear it before anything else, so those
/// calls say truthfully that there is none; everything else is 501.
/// </summary>
internal static class UnsupportedEndpoints
{
    private static readonly ReadOnlyMemory<byte> None = "[]"u8.ToArray();

    /// <summary>Regions: none.</summary>
    public static Task StatusAsync(HttpContext context)
    {
        if (context.Request.RouteValues.TryGetValue("region", out var region))
            throw new ServingException(ServingError.NotFound, $"Unable to find shared memory region: '{region}'");
        return Responses.WriteAsync(context.Response, StatusCodes.Status200OK, Responses.Json, None);
    }

    /// <summary>Regions cannot be registered.</summary>
    public static Task RegisterAsync(HttpContext context) =>
        throw new ServingException(ServingError.Unsupported, "shared memory is not supported by this server; send tensors in binary form");

    /// <summary>There is nothing to unregister.</summary>
    public static Task UnregisterAsync(HttpContext context) => V2Endpoint.OkAsync(context);

    /// <summary>Tracing is by OpenTelemetry.</summary>
    public static Task TraceAsync(HttpContext context) =>
        throw new ServingException(ServingError.Unsupported, "the server does not support tracing by this protocol; traces go out by OpenTelemetry");
}
