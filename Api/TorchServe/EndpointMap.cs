using Granary.Api.Description;
using Granary.Api.Http;
using Granary.Api.TorchServe.Tokens;

namespace Granary.Api.TorchServe;

/// <summary>Maps endpoints with what all of them share: who may call, TorchServe's errors, and the count of answers.</summary>
internal sealed partial class EndpointMap(WebApplication app, TorchServeAccess access, TorchServeCounters counters)
{
    private readonly ILogger _logger = app.Services.GetRequiredService<ILogger<EndpointMap>>();

    /// <summary>For everybody, whatever the method.</summary>
    public void Open(string pattern, RequestDelegate handler, OperationDescription description)
    {
        var run = Run(static (_, _) => null, handler);
        app.MapMethods(pattern, [HttpMethods.Get], run).WithMetadata(description);
        app.Map(pattern, run);
    }

    /// <summary>For those who may run models, whatever the method.</summary>
    public void Inference(string pattern, RequestDelegate handler, OperationDescription? description)
    {
        var run = Run(static (access, context) => access.CheckInference(context), handler);
        if (description is not null)
            app.MapMethods(pattern, [HttpMethods.Post], run).WithMetadata(description);
        app.Map(pattern, run);
    }

    /// <summary>For those who may manage models.</summary>
    public void Management(string method, string pattern, RequestDelegate handler, OperationDescription description) =>
        app.MapMethods(pattern, [method], Run(static (access, context) => access.CheckManagement(context), handler)).WithMetadata(description);

    /// <summary>For those who may ask for tokens.</summary>
    public void Tokens(string pattern, RequestDelegate handler, OperationDescription description) =>
        app.MapMethods(pattern, [HttpMethods.Get], Run(static (access, context) => access.CheckTokens(context), handler)).WithMetadata(description);

    private RequestDelegate Run(Func<TorchServeAccess, HttpContext, TorchServeException?> check, RequestDelegate handler) => async context =>
    {
        try
        {
            // An answer to CONNECT is a tunnel and has no body, so "whatever the method" cannot mean this one.
            if (HttpMethods.IsConnect(context.Request.Method))
                await TorchServeErrors.WriteAsync(context, TorchServeException.MethodNotAllowed());
            else if (check(access, context) is { } refusal)
                await TorchServeErrors.WriteAsync(context, refusal);
            else
                await handler(context);
        }
        catch (Exception exception)
        {
            await FailAsync(context, exception);
        }

        counters.Count(context.Response.StatusCode);
    };

    private async Task FailAsync(HttpContext context, Exception exception)
    {
        // Nobody is left to tell.
        if (context.RequestAborted.IsCancellationRequested)
            return;
        var failure = Failure.From(exception);
        if (exception is not TorchServeException && failure.IsDefect)
            LogDefect(exception);
        if (context.Response.HasStarted)
            context.Abort();
        else if (exception is TorchServeException known)
            await TorchServeErrors.WriteAsync(context, known);
        else
            await TorchServeErrors.WriteAsync(context, TorchServeErrors.From(failure), failure.RetryAfter);
    }

    [LoggerMessage(LogLevel.Error, "A TorchServe request failed unexpectedly")]
    private partial void LogDefect(Exception exception);
}
