using Granary.Api.Http;
using Granary.Serving;
using Granary.Serving.Json;
using Microsoft.AspNetCore.WebUtilities;

namespace Granary.Api.TorchServe;

/// <summary>
/// Errors as TorchServe writes them: <c>{"code":404,"type":"ModelNotFoundException","message":"…"}</c>, indented.
/// Source: pytorch/serve, <c>HttpRequestHandler.java</c> and <c>ErrorResponse.java</c>.
/// </summary>
internal static class TorchServeErrors
{
    /// <summary>Status and exception name of each failure of the serving core.</summary>
    public static (int Status, string Type) Of(ServingError error) => error switch
    {
        ServingError.InvalidArgument => (StatusCodes.Status400BadRequest, "BadRequestException"),
        ServingError.NotFound => (StatusCodes.Status404NotFound, "ModelNotFoundException"),
        ServingError.AlreadyExists => (StatusCodes.Status409Conflict, "ConflictStatusException"),
        ServingError.PermissionDenied => (StatusCodes.Status403Forbidden, "AccessDeniedException"),
        ServingError.Unauthenticated => (StatusCodes.Status401Unauthorized, "InvalidKeyException"),
        ServingError.Unsupported => (StatusCodes.Status400BadRequest, "InvalidModelException"),
        ServingError.TooLarge => (StatusCodes.Status413PayloadTooLarge, "TooLongFrameException"),
        ServingError.Overloaded or ServingError.Unavailable => (StatusCodes.Status503ServiceUnavailable, "ServiceUnavailableException"),
        ServingError.SourceFailed => (StatusCodes.Status400BadRequest, "DownloadArchiveException"),
        ServingError.DeadlineExceeded => (StatusCodes.Status500InternalServerError, "InternalServerException"),
        ServingError.ModelFailed => (StatusCodes.Status503ServiceUnavailable, "InternalServerException"),
        _ => (StatusCodes.Status500InternalServerError, "InternalServerException"),
    };

    /// <summary>The failure in TorchServe's words.</summary>
    public static TorchServeException From(Failure failure)
    {
        var (status, type) = Of(failure.Error);
        // "Prediction failed" is all that TorchServe says; why stood in its log.
        return new TorchServeException(status, type, failure.Error == ServingError.ModelFailed ? $"Prediction failed: {failure.Message}" : failure.Message);
    }

    /// <summary>Writes a failure.</summary>
    public static Task WriteAsync(HttpContext context, TorchServeException error, TimeSpan? retryAfter = null)
    {
        if (retryAfter is { } delay)
            context.Response.Headers.RetryAfter = Math.Max(1, (long)Math.Ceiling(delay.TotalSeconds)).ToString(System.Globalization.CultureInfo.InvariantCulture);
        using var writer = new PooledBufferWriter();
        Write(writer, error);
        return TorchServeAnswers.WriteAsync(context, error.Status, Responses.Json, writer);
    }

    /// <summary>Writes the JSON of a failure.</summary>
    public static void Write(PooledBufferWriter writer, TorchServeException error)
    {
        writer.Write("{\n  \"code\": "u8);
        JsonScalarWriter.WriteInt64(writer, error.Status);
        writer.Write(",\n  \"type\": "u8);
        JsonScalarWriter.WriteString(writer, error.Type);
        writer.Write(",\n  \"message\": "u8);
        JsonScalarWriter.WriteString(writer, error.Message);
        writer.Write("\n}\n"u8);
    }

    /// <summary>Writes errors that nobody wrote for requests of TorchServe's ports and paths, and leaves the rest to another writer.</summary>
    public static Func<HttpContext, Failure?, Task> OrTorchServe(Func<HttpContext, Failure?, Task> write) => (context, failure) =>
        TorchServePorts.IsManagement(context) || IsOurs(context.Request.Path) ? WriteAsync(context, failure) : write(context, failure);

    private static bool IsOurs(PathString path) =>
        path.StartsWithSegments("/predictions") || path.StartsWithSegments("/models") || path.StartsWithSegments("/explanations")
        || path.StartsWithSegments("/invocations") || path.StartsWithSegments("/ping");

    private static Task WriteAsync(HttpContext context, Failure? failure)
    {
        if (failure is { } known)
            return WriteAsync(context, From(known), known.RetryAfter);
        return WriteAsync(context, context.Response.StatusCode switch
        {
            StatusCodes.Status404NotFound => TorchServeException.NoResource(),
            StatusCodes.Status405MethodNotAllowed => TorchServeException.MethodNotAllowed(),
            var status => new TorchServeException(status, "InternalServerException", ReasonPhrases.GetReasonPhrase(status)),
        });
    }
}
