using Granary.Api.Http;
using Granary.Serving;
using Granary.Serving.Json;

namespace Granary.Api.OpenInference.Http;

/// <summary>What the endpoints of the protocol share: names out of the path, JSON answers, errors.</summary>
internal sealed partial class V2Endpoint(ILogger<V2Endpoint> logger)
{
    /// <summary>The model of the path.</summary>
    public static string Model(HttpContext context) => (string)context.Request.RouteValues["model"]!;

    /// <summary>The version of the path; empty when it has none.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.NotFound"/>: no number, which is no path of this protocol.</exception>
    public static string Version(HttpContext context)
    {
        var version = (string?)context.Request.RouteValues["version"] ?? "";
        return version.AsSpan().ContainsAnyExceptInRange('0', '9') ? throw new ServingException(ServingError.NotFound, "Not Found") : version;
    }

    /// <summary>Runs a handler so that whatever it throws becomes the protocol's answer.</summary>
    public RequestDelegate Guard(RequestDelegate handler) => async context =>
    {
        try
        {
            await handler(context);
        }
        catch (Exception exception)
        {
            await FailAsync(context, exception);
        }
    };

    /// <summary>Answers a failure; does nothing when nobody is left to tell.</summary>
    public Task FailAsync(HttpContext context, Exception exception)
    {
        if (context.RequestAborted.IsCancellationRequested)
            return Task.CompletedTask;
        var failure = Failure.From(exception);
        if (failure.IsDefect)
            LogDefect(exception, context.Request.Path);
        if (context.Response.HasStarted)
        {
            // The length was promised already; only a broken connection tells the client that the rest is missing.
            context.Abort();
            return Task.CompletedTask;
        }

        context.Response.Headers.Remove(InferResponse.HeaderLength);
        if (exception is ServingException { Error: ServingError.Unsupported } && context.Request.Headers.ContentEncoding.Count > 0)
            context.Response.Headers.AcceptEncoding = ContentCodings.Supported;
        return V2HttpErrors.WriteAsync(context, failure);
    }

    /// <summary>Writes a whole JSON answer.</summary>
    public static Task WriteAsync(HttpContext context, PooledBufferWriter json) =>
        Responses.WriteAsync(context.Response, StatusCodes.Status200OK, Responses.Json, json.WrittenMemory);

    /// <summary>An empty answer that says yes.</summary>
    public static Task OkAsync(HttpContext context) => Responses.WriteAsync(context.Response, StatusCodes.Status200OK, Responses.Json, ReadOnlyMemory<byte>.Empty);

    [LoggerMessage(LogLevel.Error, "Request to {Path} failed unexpectedly")]
    private partial void LogDefect(Exception exception, PathString path);
}
