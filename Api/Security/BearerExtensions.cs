using Microsoft.Extensions.Options;

namespace Granary.Api.Security;

/// <summary>Bearer protection of inference endpoints.</summary>
public static class BearerExtensions
{
    private const string Description = "This service asks for a bearer token; send the header 'Authorization: Bearer <token>' (the node's containers[].bearer)";

    /// <summary>Reads <see cref="SecurityOptions"/>.</summary>
    public static IServiceCollection AddBearer(this IServiceCollection services)
    {
        services.AddOptions<SecurityOptions>().BindConfiguration(SecurityOptions.SectionName).ValidateOnStart();
        services.AddSingleton<IValidateOptions<SecurityOptions>, SecurityOptionsValidator>();
        return services;
    }

    /// <summary>
    /// Asks callers of an endpoint or a group for <see cref="SecurityOptions.Bearer"/> or one of <see cref="IInferenceTokens"/>. Costs
    /// nothing when neither is asked for: the endpoint keeps its own delegate.
    /// </summary>
    public static TBuilder RequireBearer<TBuilder>(this TBuilder endpoints)
        where TBuilder : IEndpointConventionBuilder
    {
        endpoints.Finally(static endpoint =>
        {
            if (InferenceAccess.Of(endpoint.ApplicationServices) is { } access && endpoint.RequestDelegate is { } next)
                endpoint.RequestDelegate = Protect(next, access);
        });
        return endpoints;
    }

    /// <summary>Answers 401 in place of <paramref name="next"/> unless the request presents what is asked for.</summary>
    internal static RequestDelegate Protect(RequestDelegate next, InferenceAccess access) =>
        context => access.Admits(context.Request.Headers.Authorization) ? next(context) : ChallengeAsync(context, Description);

    /// <summary>401 with the header that RFC 6750 section 3 asks for.</summary>
    internal static Task ChallengeAsync(HttpContext context, string description)
    {
        context.Response.Headers.WWWAuthenticate = "Bearer realm=\"granary\"";
        return ErrorResponse.WriteAsync(context, StatusCodes.Status401Unauthorized, description);
    }
}
