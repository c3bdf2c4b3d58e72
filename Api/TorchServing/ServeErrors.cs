using System.Globalization;
using Granary.Api.Http;
using Granary.Serving;

namespace Granary.Api.TorchServing;

/// <summary>torch-serving's errors. Its own texts are kept; what it does not know (overload, size, keys) has texts of ours.</summary>
internal static class ServeErrors
{
    public const string MissingIdentifier = "Missing required parameter `servable_identifier`";
    public const string RepeatedIdentifier = "Required parameter `servable_identifier` must only be passed in once";
    public const string EmptyBody = "Empty body";
    public const string InvalidJson = "Invalid JSON";
    public const string InvalidIdentifier = "Invalid servable identifier";
    public const string InvalidInput = "Invalid Input JSON";
    public const string Unexpected = "Unexpected server error";

    /// <summary>Answers a request whose body is no JSON.</summary>
    public static Task WriteInvalidJsonAsync(HttpContext context, string message) =>
        ServeResponse.WriteErrorAsync(context, StatusCodes.Status400BadRequest, InvalidJson, message, message);

    /// <summary>Answers a request whose model cannot be loaded.</summary>
    public static Task WriteIdentifierAsync(HttpContext context, Failure failure) => failure.Error switch
    {
        ServingError.Overloaded or ServingError.Internal or ServingError.DeadlineExceeded or ServingError.Cancelled => WriteAsync(context, failure, null),
        _ => ServeResponse.WriteErrorAsync(context, StatusCodes.Status400BadRequest, InvalidIdentifier, failure.Message),
    };

    /// <summary>Answers a request whose input does not fit the model.</summary>
    public static Task WriteInputAsync(HttpContext context, Exception exception)
    {
        var fault = TypedFault.Find(exception);
        var description = fault?.Kind switch
        {
            TypedFaultKind.Shape => "Incompatible tensor shapes",
            TypedFaultKind.DataType => "Incompatible tensor data type",
            _ => InvalidInput,
        };
        return ServeResponse.WriteErrorAsync(context, StatusCodes.Status400BadRequest, description, exception.Message, fault?.Message ?? exception.Message);
    }

    /// <summary>Answers any other failure.</summary>
    public static Task WriteAsync(HttpContext context, Failure failure, Exception? exception)
    {
        switch (failure.Error)
        {
            case ServingError.InvalidArgument when exception is not null:
                return WriteInputAsync(context, exception);
            case ServingError.InvalidArgument:
                return ServeResponse.WriteErrorAsync(context, StatusCodes.Status400BadRequest, "Invalid request", failure.Message, failure.Message);
            case ServingError.TooLarge:
                return ServeResponse.WriteErrorAsync(context, StatusCodes.Status413PayloadTooLarge, "Request too large", failure.Message, failure.Message);
            case ServingError.Overloaded or ServingError.Unavailable or ServingError.DeadlineExceeded or ServingError.Cancelled:
                context.Response.Headers.RetryAfter = Math.Max(1, (long)Math.Ceiling((failure.RetryAfter ?? TimeSpan.Zero).TotalSeconds)).ToString(CultureInfo.InvariantCulture);
                return ServeResponse.WriteErrorAsync(context, StatusCodes.Status503ServiceUnavailable, "Service unavailable", failure.Message, failure.Message);
            default:
                return ServeResponse.WriteErrorAsync(context, StatusCodes.Status500InternalServerError, Unexpected, failure.Message, failure.Message);
        }
    }

    /// <summary>Writes errors that nobody wrote for this protocol's two paths, and leaves those of other paths to another writer.</summary>
    public static Func<HttpContext, Failure?, Task> OrServe(Func<HttpContext, Failure?, Task> write) => (context, failure) =>
        context.Request.Path == TorchServingExtensions.ServePath || context.Request.Path == TorchServingExtensions.HealthPath ? WriteAsync(context, failure) : write(context, failure);

    // Another method is 404 without a body there, as any path that httplib does not know.
    private static Task WriteAsync(HttpContext context, Failure? failure)
    {
        if (failure is { } known)
            return WriteAsync(context, known, null);
        var response = context.Response;
        if (response.StatusCode == StatusCodes.Status405MethodNotAllowed)
        {
            response.StatusCode = StatusCodes.Status404NotFound;
            response.Headers.Remove("Allow");
        }

        response.ContentLength = 0;
        return Task.CompletedTask;
    }
}
