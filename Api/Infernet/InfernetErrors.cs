using System.Globalization;
using Granary.Api.Http;
using Granary.Serving;
using Granary.Serving.Json;
using Microsoft.AspNetCore.WebUtilities;

namespace Granary.Api.Infernet;

/// <summary>
/// Errors as an Infernet node understands them: <c>{"code":"400","name":"Bad Request","description":"…"}</c> with the code as a
/// string, because the node tells a failed job from a good one by it and never looks at the status.
/// Source: infernet-node, <c>src/chain/processor.py</c>.
/// </summary>
internal static class InfernetErrors
{
    /// <summary>The status of each failure.</summary>
    public static int StatusOf(ServingError error) => error switch
    {
        ServingError.InvalidArgument => StatusCodes.Status400BadRequest,
        ServingError.Unsupported => StatusCodes.Status400BadRequest,
        ServingError.Unauthenticated => StatusCodes.Status401Unauthorized,
        ServingError.PermissionDenied => StatusCodes.Status403Forbidden,
        ServingError.NotFound => StatusCodes.Status404NotFound,
        ServingError.AlreadyExists => StatusCodes.Status409Conflict,
        ServingError.TooLarge => StatusCodes.Status413PayloadTooLarge,
        ServingError.Overloaded => StatusCodes.Status503ServiceUnavailable,
        ServingError.Unavailable => StatusCodes.Status503ServiceUnavailable,
        ServingError.SourceFailed => StatusCodes.Status503ServiceUnavailable,
        ServingError.DeadlineExceeded => StatusCodes.Status503ServiceUnavailable,
        ServingError.Cancelled => StatusCodes.Status503ServiceUnavailable,
        ServingError.ModelFailed => StatusCodes.Status500InternalServerError,
        _ => StatusCodes.Status500InternalServerError,
    };

    /// <summary>Writes a failure, or what the response's own status says when there is none.</summary>
    public static Task WriteAsync(HttpContext context, Failure? failure)
    {
        if (failure is not { } known)
            return WriteAsync(context, context.Response.StatusCode, Describe(context));
        var status = StatusOf(known.Error);
        if (status == StatusCodes.Status503ServiceUnavailable)
            context.Response.Headers.RetryAfter = RetrySeconds(known.RetryAfter);
        return WriteAsync(context, status, known.Message);
    }

    private static async Task WriteAsync(HttpContext context, int status, string description)
    {
        using var writer = new PooledBufferWriter(512);
        writer.Write("{\"code\":\""u8);
        JsonScalarWriter.WriteInt64(writer, status);
        writer.Write("\",\"name\":"u8);
        JsonScalarWriter.WriteString(writer, ReasonPhrases.GetReasonPhrase(status));
        writer.Write(",\"description\":"u8);
        JsonScalarWriter.WriteString(writer, description);
        writer.WriteByte((byte)'}');
        await Responses.WriteAsync(context.Response, status, Responses.Json, writer.WrittenMemory);
    }

    private static string Describe(HttpContext context)
    {
        var request = context.Request;
        return context.Response.StatusCode switch
        {
            StatusCodes.Status404NotFound => $"There is nothing at {request.Path}",
            StatusCodes.Status405MethodNotAllowed => $"{request.Path} does not answer {request.Method}; allowed: {context.Response.Headers.Allow}",
            var status => ReasonPhrases.GetReasonPhrase(status),
        };
    }

    private static string RetrySeconds(TimeSpan? delay) =>
        Math.Max(1, (long)Math.Ceiling((delay ?? TimeSpan.Zero).TotalSeconds)).ToString(CultureInfo.InvariantCulture);
}
