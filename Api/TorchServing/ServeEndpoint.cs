using Granary.Api.Http;
using Granary.Serving;
using Granary.Serving.Clusters;
using Granary.Serving.Json;
using Granary.Serving.Servables;
using Granary.Torch;
using Microsoft.Extensions.Options;

namespace Granary.Api.TorchServing;

/// <summary><c>POST /serve?servable_identifier=…</c>, whatever its content type says: curl's <c>-d</c> calls JSON a form.</summary>
internal sealed partial class ServeEndpoint(ServableCache servables, IModelCluster cluster, IOptions<ServerOptions> options, ILogger<ServeEndpoint> logger)
{
    private readonly ServeQueryCache _queries = new();
    private readonly TypedValues _typed = new();
    private readonly long _limitBytes = options.Value.MaxRequestBodyBytes;

    /// <summary>Answers one request; never throws. What is in memory already is served without an async state machine up to the model.</summary>
    public Task HandleAsync(HttpContext context)
    {
        try
        {
            var query = _queries.Find(context.Request.QueryString.Value ?? "");
            var reading = RequestBody.ReadAsync(context.Request, _limitBytes, context.RequestAborted);
            if (!reading.IsCompletedSuccessfully)
                return ReadAndServeAsync(context, query, reading);
            var body = reading.Result;
            return query.Identifier is not null && body.Length > 0 && servables.TryGet(query.Identifier) is { } servable
                ? ParseAndInferAsync(context, servable, body)
                : FindAndServeAsync(context, query, body);
        }
        catch (Exception exception)
        {
            return FailAsync(context, Failure.From(exception), exception, ServeErrors.WriteAsync);
        }
    }

    private async Task ReadAndServeAsync(HttpContext context, ServeQuery query, ValueTask<RequestBody> reading)
    {
        try
        {
            await FindAndServeAsync(context, query, await reading);
        }
        catch (Exception exception)
        {
            await FailAsync(context, Failure.From(exception), exception, ServeErrors.WriteAsync);
        }
    }

    private async Task FindAndServeAsync(HttpContext context, ServeQuery query, RequestBody body)
    {
        Servable servable;
        try
        {
            // What is no JSON is said before anything is loaded for it.
            if (FindMistake(context, query, body) is { } mistake)
            {
                body.Dispose();
                await mistake;
                return;
            }

            servable = await servables.GetAsync(query.Identifier!, context.RequestAborted);
        }
        catch (Exception exception)
        {
            body.Dispose();
            await FailAsync(context, Failure.From(exception), exception, static (context, failure, _) => ServeErrors.WriteIdentifierAsync(context, failure));
            return;
        }

        await ParseAndInferAsync(context, servable, body);
    }

    private static Task? FindMistake(HttpContext context, ServeQuery query, RequestBody body)
    {
        if (query.Error is not null)
            return ServeResponse.WriteErrorAsync(context, StatusCodes.Status400BadRequest, query.Error);
        if (body.Length == 0)
            return ServeResponse.WriteErrorAsync(context, StatusCodes.Status400BadRequest, ServeErrors.EmptyBody);
        return ServeRequestReader.FindMalformed(body.Span) is { } malformed ? ServeErrors.WriteInvalidJsonAsync(context, malformed) : null;
    }

    // Gives the body back before the model runs.
    private Task ParseAndInferAsync(HttpContext context, Servable servable, RequestBody body)
    {
        Argument[] arguments;
        using (body)
        {
            try
            {
                arguments = ServeRequestReader.Read(body.Span, servable.Signature, _typed);
            }
            catch (ServingException exception) when (exception.Error == ServingError.InvalidArgument)
            {
                return ServeRequestReader.FindMalformed(body.Span) is { } malformed
                    ? ServeErrors.WriteInvalidJsonAsync(context, malformed)
                    : ServeErrors.WriteInputAsync(context, exception);
            }
            catch (Exception exception)
            {
                return FailAsync(context, Failure.From(exception), exception, ServeErrors.WriteAsync);
            }
        }

        return InferAsync(context, servable, arguments);
    }

    private async Task InferAsync(HttpContext context, Servable servable, Argument[] arguments)
    {
        try
        {
            using var writer = new PooledBufferWriter();
            try
            {
                using var result = await cluster.InferAsync(servable.Key, new InferenceRequest { Inputs = arguments }, context.RequestAborted);
                ServeResponse.WriteSuccess(writer, result.Value);
            }
            finally
            {
                foreach (var argument in arguments)
                    argument.Value.Dispose();
                servables.Return(servable);
            }

            await Responses.WriteAsync(context.Response, StatusCodes.Status200OK, Responses.Json, writer.WrittenMemory);
        }
        catch (Exception exception)
        {
            // The file may have changed since its signature was read; the model itself stays in memory.
            servables.Recheck(servable);
            await FailAsync(context, Failure.From(exception), exception, await IsLoadedAsync(servable) ? ServeErrors.WriteAsync : static (context, failure, _) => ServeErrors.WriteIdentifierAsync(context, failure));
        }
    }

    // Whether a failed call was the model's own, or it had to be loaded again and could not be.
    private async ValueTask<bool> IsLoadedAsync(Servable servable)
    {
        try
        {
            return (await cluster.GetStatusAsync(servable.Key)).State != ModelState.Failed;
        }
        catch (ServingException)
        {
            return false;
        }
    }

    private Task FailAsync(HttpContext context, Failure failure, Exception exception, Func<HttpContext, Failure, Exception?, Task> write)
    {
        // Nobody is left to tell.
        if (context.RequestAborted.IsCancellationRequested)
            return Task.CompletedTask;
        if (failure.IsDefect)
            LogDefect(exception);
        if (!context.Response.HasStarted)
            return write(context, failure, exception);
        context.Abort();
        return Task.CompletedTask;
    }

    [LoggerMessage(LogLevel.Error, "A request to /serve failed unexpectedly")]
    private partial void LogDefect(Exception exception);
}
