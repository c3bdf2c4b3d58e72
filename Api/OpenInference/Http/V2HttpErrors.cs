using System.Globalization;
using Granary.Api.Http;
using Granary.Serving;
using Granary.Serving.Json;
using Microsoft.AspNetCore.WebUtilities;

namespace Granary.Api.OpenInference.Http;

/// <summary>
/// Errors as V2 clients read them: <c>{"error":"…"}</c>. Statuses as Triton's, except that JSON which cannot be read is the
/// caller's mistake (400, as the protocol says; Triton: 500). Source: triton-inference-server/server, <c>src/http_server.cc</c>, HttpCodeFromError.
/// </summary>
internal static class V2HttpErrors
{
    /// <summary>The status of each failure.</summary>
    public static int StatusOf(ServingError error) => error switch
    {
        ServingError.InvalidArgument or ServingError.AlreadyExists or ServingError.Cancelled => StatusCodes.Status400BadRequest,
        ServingError.Unauthenticated => StatusCodes.Status401Unauthorized,
        ServingError.PermissionDenied => StatusCodes.Status403Forbidden,
        ServingError.NotFound => StatusCodes.Status404NotFound,
        ServingError.TooLarge => StatusCodes.Status413PayloadTooLarge,
        ServingError.Unsupported => StatusCodes.Status501NotImplemented,
        ServingError.Overloaded or ServingError.Unavailable or ServingError.SourceFailed or ServingError.DeadlineExceeded => StatusCodes.Status503ServiceUnavailable,
        _ => StatusCodes.Status500InternalServerError,
    };

    /// <summary>Writes errors that nobody wrote for paths of this protocol, and leaves those of other paths to another writer.</summary>
    public static Func<HttpContext, Failure?, Task> OrV2(Func<HttpContext, Failure?, Task> write) => (context, failure) =>
        context.Request.Path.StartsWithSegments("/v2", StringComparison.Ordinal) ? WriteAsync(context, failure) : write(context, failure);

    /// <summary>Writes a failure, or what the response's own status says when there is none.</summary>
    public static Task WriteAsync(HttpContext context, Failure? failure) =>
        WriteAsync(context, failure, failure is { } known ? StatusOf(known.Error) : context.Response.StatusCode);

    /// <summary>Writes a failure, or the status's own words when there is none, with a status of the caller's choice.</summary>
    public static Task WriteAsync(HttpContext context, Failure? failure, int status)
    {
        if (status == StatusCodes.Status503ServiceUnavailable && failure?.RetryAfter is { } delay)
            context.Response.Headers.RetryAfter = Math.Max(1, (long)Math.Ceiling(delay.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        return WriteAsync(context, status, failure?.Message ?? ReasonPhrases.GetReasonPhrase(status));
    }

    /// <summary>Writes one message.</summary>
    public static async Task WriteAsync(HttpContext context, int status, string message)
    {
        using var writer = new PooledBufferWriter(512);
        writer.Write("{\"error\":"u8);
        JsonScalarWriter.WriteString(writer, message);
        writer.WriteByte((byte)'}');
        await Responses.WriteAsync(context.Response, status, Responses.Json, writer.WrittenMemory);
    }
}
