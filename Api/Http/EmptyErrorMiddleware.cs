namespace Granary.Api.Http;

/// <summary>
/// Gives a body to every error that nobody wrote one for: unknown paths, wrong methods, exceptions that escaped. Infernet nodes
/// parse every answer as JSON, so an empty 404 would be a failed job without a reason.
/// </summary>
internal sealed partial class EmptyErrorMiddleware(RequestDelegate next, Func<HttpContext, Failure?, Task> write, ILogger<EmptyErrorMiddleware> logger)
{
    /// <summary>Costs one check on a request that went well and completed at once.</summary>
    public Task InvokeAsync(HttpContext context)
    {
        Task task;
        try
        {
            task = next(context);
        }
        catch (Exception exception)
        {
            return FailAsync(context, exception);
        }

        return task.IsCompletedSuccessfully ? CompleteAsync(context) : AwaitAsync(context, task);
    }

    private async Task AwaitAsync(HttpContext context, Task task)
    {
        try
        {
            await task;
        }
        catch (Exception exception)
        {
            await FailAsync(context, exception);
            return;
        }

        await CompleteAsync(context);
    }

    private Task CompleteAsync(HttpContext context)
    {
        var response = context.Response;
        return response.StatusCode < 400 || response.HasStarted || response.ContentLength is not null ? Task.CompletedTask : write(context, null);
    }

    private Task FailAsync(HttpContext context, Exception exception)
    {
        if (context.RequestAborted.IsCancellationRequested)
            return Task.CompletedTask;
        var failure = Failure.From(exception);
        if (failure.IsDefect)
            LogDefect(logger, exception, context.Request.Path);
        if (!context.Response.HasStarted)
            return write(context, failure);
        // The length was promised already; only a broken connection tells the client that the rest is missing.
        context.Abort();
        return Task.CompletedTask;
    }

    [LoggerMessage(LogLevel.Error, "Request to {Path} failed unexpectedly")]
    private static partial void LogDefect(ILogger logger, Exception exception, PathString path);
}
