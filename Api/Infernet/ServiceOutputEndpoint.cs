using Granary.Api.Hosting;
using Granary.Api.Http;
using Granary.Api.Infernet.Receipts;
using Granary.Serving;
using Granary.Serving.Clusters;
using Granary.Serving.Json;
using Granary.Serving.Models;
using Granary.Torch;
using Microsoft.Extensions.Options;

namespace Granary.Api.Infernet;

/// <summary>
/// <c>POST /service_output</c>: reads the tensor, runs the model, writes what it returned. Small requests run without an async
/// state machine up to the model; everything that is needed is resolved once, not per request.
/// </summary>
internal sealed partial class ServiceOutputEndpoint(
    IModelCluster cluster,
    IModelCatalog catalog,
    DefaultModelState defaultModel,
    ReceiptIssuer receipts,
    IOptions<ServerOptions> options,
    ILogger<ServiceOutputEndpoint> logger)
{
    private readonly ModelReferenceCache _references = new();
    private readonly long _limitBytes = options.Value.MaxRequestBodyBytes;

    /// <summary>Answers one request; never throws.</summary>
    public Task HandleAsync(HttpContext context)
    {
        try
        {
            var reading = RequestBody.ReadAsync(context.Request, _limitBytes, context.RequestAborted);
            return reading.IsCompletedSuccessfully ? InferAsync(context, Parse(reading.Result)) : ReadAndInferAsync(context, reading);
        }
        catch (Exception exception)
        {
            return FailAsync(context, exception);
        }
    }

    private async Task ReadAndInferAsync(HttpContext context, ValueTask<RequestBody> reading)
    {
        InfernetRequest request;
        try
        {
            request = Parse(await reading);
        }
        catch (Exception exception)
        {
            await FailAsync(context, exception);
            return;
        }

        await InferAsync(context, request);
    }

    private InfernetRequest Parse(RequestBody body)
    {
        using (body)
            return InfernetRequestReader.Read(body.Span, _references, receipts.GivesProofs);
    }

    private async Task InferAsync(HttpContext context, InfernetRequest request)
    {
        try
        {
            using var writer = new PooledBufferWriter();
            using (request)
            {
                var key = request.Model.Key ?? await FindDefaultAsync(request.Model.CatalogName, context.RequestAborted);
                var call = new InferenceRequest
                {
                    Inputs = [new Argument(null, request.Input)],
                    Method = request.Method,
                    Deterministic = request.Deterministic,
                    WantsProvenance = receipts.IsEnabled,
                };
                using var result = await cluster.InferAsync(key, call, context.RequestAborted);
                var receipt = receipts.Begin(call, result);
                InfernetResponseWriter.Write(writer, request, result.Value, receipt);
                if (receipt is not null)
                    context.Response.Headers[ReceiptIssuer.Header] = receipt.ToHeader();
            }

            await Responses.WriteAsync(context.Response, StatusCodes.Status200OK, Responses.Json, writer.WrittenMemory);
        }
        catch (Exception exception)
        {
            await FailAsync(context, exception);
        }
    }

    private async ValueTask<ModelKey> FindDefaultAsync(string name, CancellationToken cancellation)
    {
        var model = await catalog.FindAsync(name, cancellation);
        if (model is not null)
            return new ModelKey(name, model.DefaultVersion);
        if (name != StartupModel.Name)
            throw new ServingException(ServingError.NotFound, $"The catalog has no model '{name}'");
        throw defaultModel.Current.Reason is { } reason
            ? new ServingException(ServingError.Unavailable, $"The default model is not available: {reason}")
            : new ServingException(ServingError.InvalidArgument, "This service has no default model; name one by model_id, or by model_source and load_args");
    }

    private Task FailAsync(HttpContext context, Exception exception)
    {
        // Nobody is left to tell.
        if (context.RequestAborted.IsCancellationRequested)
            return Task.CompletedTask;
        var failure = Failure.From(exception);
        if (failure.IsDefect)
            LogDefect(exception);
        if (!context.Response.HasStarted)
            return InfernetErrors.WriteAsync(context, failure);
        context.Abort();
        return Task.CompletedTask;
    }

    [LoggerMessage(LogLevel.Error, "A request to /service_output failed unexpectedly")]
    private partial void LogDefect(Exception exception);
}
