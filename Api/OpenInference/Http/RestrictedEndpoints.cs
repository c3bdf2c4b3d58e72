using Granary.Api.Security;

namespace Granary.Api.OpenInference.Http;

/// <summary>Endpoints that ask for the header of their group, in Triton's words.</summary>
internal static class RestrictedEndpoints
{
    /// <summary>Asks callers for what the group's restriction says. Costs nothing without one: the endpoint keeps its own delegate.</summary>
    public static TBuilder RestrictTo<TBuilder>(this TBuilder endpoints, ApiGroup group)
        where TBuilder : IEndpointConventionBuilder
    {
        endpoints.Finally(endpoint =>
        {
            if (endpoint.ApplicationServices.GetRequiredService<ApiRestrictions>().OfHttp(group) is { } restriction && endpoint.RequestDelegate is { } next)
                endpoint.RequestDelegate = Restrict(next, restriction);
        });
        return endpoints;
    }

    private static RequestDelegate Restrict(RequestDelegate next, ApiRestriction restriction) => context => restriction.IsMetBy(context.Request.Headers)
        ? next(context)
        : V2HttpErrors.WriteAsync(context, StatusCodes.Status403Forbidden, $"This API is restricted, expecting header '{restriction.Header}'");
}
