using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Granary.Serving;
using Microsoft.AspNetCore.WebUtilities;

namespace Granary.Api.Security;

/// <summary>
/// The JSON error body that Infernet nodes understand and that every other part of this API uses too:
/// <c>{"code":"404","name":"Not Found","description":"…"}</c>, with the code as a string.
/// </summary>
internal static class ErrorResponse
{
    // Messages are full of quotes; escaping them is for HTML, which this is not.
    private static readonly JsonWriterOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Answers with a status and the body; the description goes to the caller as it is.</summary>
    public static async Task WriteAsync(HttpContext context, int status, string description)
    {
        var response = context.Response;
        if (response.HasStarted)
            return;
        var body = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(body, Readable))
        {
            writer.WriteStartObject();
            writer.WriteString("code"u8, status.ToString(CultureInfo.InvariantCulture));
            writer.WriteString("name"u8, ReasonPhrases.GetReasonPhrase(status));
            writer.WriteString("description"u8, description);
            writer.WriteEndObject();
        }

        response.StatusCode = status;
        response.ContentType = "application/json";
        response.ContentLength = body.WrittenCount;
        if (!HttpMethods.IsHead(context.Request.Method))
            await response.BodyWriter.WriteAsync(body.WrittenMemory, context.RequestAborted);
    }

    /// <summary>Answers with the status that fits a failure of the serving core.</summary>
    public static Task WriteAsync(HttpContext context, ServingException exception)
    {
        if (exception.RetryAfter is { } delay)
            context.Response.Headers.RetryAfter = Math.Max(1, (long)Math.Ceiling(delay.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        return WriteAsync(context, StatusOf(exception.Error), exception.Message);
    }

    /// <summary>The HTTP status of each kind of failure.</summary>
    public static int StatusOf(ServingError error) => error switch
    {
        ServingError.InvalidArgument => StatusCodes.Status400BadRequest,
        ServingError.NotFound => StatusCodes.Status404NotFound,
        ServingError.AlreadyExists => StatusCodes.Status409Conflict,
        ServingError.PermissionDenied => StatusCodes.Status403Forbidden,
        ServingError.Unauthenticated => StatusCodes.Status401Unauthorized,
        ServingError.Unsupported => StatusCodes.Status501NotImplemented,
        ServingError.TooLarge => StatusCodes.Status413PayloadTooLarge,
        ServingError.Overloaded or ServingError.Unavailable => StatusCodes.Status503ServiceUnavailable,
        ServingError.SourceFailed => StatusCodes.Status502BadGateway,
        ServingError.DeadlineExceeded => StatusCodes.Status504GatewayTimeout,
        ServingError.Cancelled => StatusCodes.Status499ClientClosedRequest,
        _ => StatusCodes.Status500InternalServerError,
    };
}
