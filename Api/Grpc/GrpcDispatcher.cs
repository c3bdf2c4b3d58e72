using System.Globalization;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.Extensions.Options;

namespace Granary.Api.Grpc;

/// <summary>Runs a call: makes sure that it is one, and turns how it ended into a status.</summary>
internal sealed partial class GrpcDispatcher(
    IOptions<GrpcOptions> options,
    TimeProvider time,
    IHostApplicationLifetime lifetime,
    ILogger<GrpcDispatcher> logger)
{
    private readonly GrpcOptions _options = options.Value;

    /// <summary>The endpoint of a method.</summary>
    public RequestDelegate For(GrpcMethod method) => context =>
        GrpcRequests.Refuse(context) ?? RunAsync(context, method);

    private async Task RunAsync(HttpContext context, GrpcMethod method)
    {
        context.Response.ContentType = GrpcHeaders.ContentType;
        context.Response.Headers.GrpcAcceptEncoding = GrpcCompression.Accepted;
        // Messages have a limit of their own, and a stream has none.
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } body)
            body.MaxRequestBodySize = null;
        GrpcCall? call = null;
        try
        {
            call = new GrpcCall(context, _options, time);
            await (method.StreamsRequests ? StreamAsync(call, method) : method.InvokeAsync(call));
            context.Features.GetRequiredFeature<IHttpResponseTrailersFeature>().Trailers.GrpcStatus = "0";
        }
        catch (Exception exception)
        {
            Fail(context, call, exception);
        }
        finally
        {
            call?.Dispose();
        }
    }

    private async Task StreamAsync(GrpcCall call, GrpcMethod method)
    {
        // A caller may think between its messages, for as long as the server runs.
        if (call.Http.Features.Get<IHttpMinRequestBodyDataRateFeature>() is { } rate)
            rate.MinDataRate = null;
        using var stop = lifetime.ApplicationStopping.UnsafeRegister(static input => ((GrpcMessageReader)input!).Stop(), call.Input);
        await method.InvokeAsync(call);
    }

    private void Fail(HttpContext context, GrpcCall? call, Exception exception)
    {
        if (context.RequestAborted.IsCancellationRequested)
            return;
        var failure = GrpcErrors.From(exception);
        if (failure.Status == GrpcStatus.Cancelled && call is { IsPastDeadline: true })
            failure = new GrpcFailure(GrpcStatus.DeadlineExceeded, $"The deadline of {call.Timeout!.Value.TotalMilliseconds.ToString("0.###", CultureInfo.InvariantCulture)} ms passed before the answer was there");
        if (failure.IsDefect)
            LogDefect(exception, context.Request.Path);
        if (call is { Output.IsBroken: true })
            context.Abort();
        else
            GrpcRequests.WriteStatus(context, failure, trailersOnly: call is not ({ Output.HasWritten: true } or { HasTrailers: true }));
    }

    [LoggerMessage(LogLevel.Error, "The gRPC call {Path} failed unexpectedly")]
    private partial void LogDefect(Exception exception, PathString path);
}
