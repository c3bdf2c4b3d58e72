using System.Globalization;
using Granary.Api.Http;
using Granary.Api.Security;
using Microsoft.AspNetCore.Http.Features;

namespace Granary.Api.Grpc;

/// <summary>Tells gRPC calls from other requests, and answers those that reach no method.</summary>
internal static class GrpcRequests
{
    /// <summary>Whether a request is a gRPC call; it can only then be answered with a status.</summary>
    public static bool IsCall(HttpContext context) => IsHttp2(context) && GrpcHeaders.IsGrpc(context.Request.ContentType);

    /// <summary>Answers a request for a method that is no gRPC call; null when it is one.</summary>
    public static Task? Refuse(HttpContext context)
    {
        if (!IsHttp2(context))
        {
            context.Response.Headers.Upgrade = "h2c";
            return ErrorResponse.WriteAsync(context, StatusCodes.Status426UpgradeRequired,
                $"{context.Request.Path} is a gRPC method, which needs HTTP/2; this request came with {context.Request.Protocol}. Call it with a gRPC client without TLS (HTTP/2 by prior knowledge)");
        }

        return GrpcHeaders.IsGrpc(context.Request.ContentType)
            ? null
            : ErrorResponse.WriteAsync(context, StatusCodes.Status415UnsupportedMediaType,
                $"{context.Request.Path} is a gRPC method; its content type is {GrpcHeaders.ContentType}, not '{context.Request.ContentType}'");
    }

    /// <summary>
    /// Lets <paramref name="write"/> answer every failed request but gRPC calls, which get a status: UNIMPLEMENTED where there is
    /// no such method.
    /// </summary>
    public static Func<HttpContext, Failure?, Task> OrStatus(Func<HttpContext, Failure?, Task> write) => (context, failure) =>
    {
        if (!IsCall(context))
            return write(context, failure);
        var status = StatusOf(context, failure);
        context.Response.Clear();
        WriteStatus(context, status, trailersOnly: true);
        return Task.CompletedTask;
    };

    /// <summary>Ends a call with a status: in the headers when there is nothing but the status, else in the trailers.</summary>
    public static void WriteStatus(HttpContext context, GrpcFailure failure, bool trailersOnly)
    {
        var response = context.Response;
        if (!response.HasStarted)
            response.ContentType = GrpcHeaders.ContentType;
        var target = trailersOnly && !response.HasStarted
            ? response.Headers
            : context.Features.GetRequiredFeature<IHttpResponseTrailersFeature>().Trailers;
        target.GrpcStatus = ((int)failure.Status).ToString(CultureInfo.InvariantCulture);
        target.GrpcMessage = GrpcMessageText.Encode(failure.Message);
        if (failure.RetryAfter is { } delay)
            target[GrpcHeaders.RetryPushback] = ((long)Math.Ceiling(delay.TotalMilliseconds)).ToString(CultureInfo.InvariantCulture);
    }

    private static GrpcFailure StatusOf(HttpContext context, Failure? failure)
    {
        if (failure is { } known)
            return new GrpcFailure(GrpcErrors.StatusOf(known.Error), known.Message) { RetryAfter = known.RetryAfter };
        return HttpMethods.IsPost(context.Request.Method)
            ? new GrpcFailure(GrpcStatus.Unimplemented, $"There is no method {context.Request.Path} here; reflection lists what there is")
            : new GrpcFailure(GrpcStatus.Unknown, $"{context.Request.Path} does not answer {context.Request.Method}; gRPC calls are POST");
    }

    private static bool IsHttp2(HttpContext context) => HttpProtocol.IsHttp2(context.Request.Protocol);
}
