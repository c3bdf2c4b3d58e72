using Granary.Api.Http;
using Granary.Api.OpenInference.Http;
using Granary.Serving;

namespace Granary.Api.OpenInference.V1;

/// <summary>
/// Errors of the V1 protocol: <c>{"error": "…"}</c> with KServe's codes.
/// Source: kserve, <c>python/kserve/kserve/errors.py</c>.
/// </summary>
internal static class V1Errors
{
    private const string Prefix = "/v1/models";

    /// <summary>The status of each failure.</summary>
    public static int StatusOf(ServingError error) => error switch
    {
        ServingError.InvalidArgument => StatusCodes.Status400BadRequest,
        ServingError.Unauthenticated => StatusCodes.Status401Unauthorized,
        ServingError.PermissionDenied => StatusCodes.Status403Forbidden,
        ServingError.NotFound => StatusCodes.Status404NotFound,
        ServingError.AlreadyExists => StatusCodes.Status409Conflict,
        ServingError.TooLarge => StatusCodes.Status413PayloadTooLarge,
        ServingError.Unsupported => StatusCodes.Status501NotImplemented,
        ServingError.Overloaded or ServingError.Unavailable or ServingError.SourceFailed
            or ServingError.DeadlineExceeded or ServingError.Cancelled => StatusCodes.Status503ServiceUnavailable,
        _ => StatusCodes.Status500InternalServerError,
    };

    /// <summary>Writes errors that nobody wrote for paths of this protocol, and leaves those of other paths to another writer.</summary>
    public static Func<HttpContext, Failure?, Task> OrV1(Func<HttpContext, Failure?, Task> write) => (context, failure) =>
        context.Request.Path.StartsWithSegments(Prefix, StringComparison.Ordinal) ? WriteAsync(context, failure) : write(context, failure);

    /// <summary>Writes a failure, or what the response's own status says when there is none.</summary>
    public static Task WriteAsync(HttpContext context, Failure? failure) =>
        V2HttpErrors.WriteAsync(context, failure, failure is { } known ? StatusOf(known.Error) : context.Response.StatusCode);
}
