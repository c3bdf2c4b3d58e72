using Granary.Api.Http;
using Granary.Api.OpenInference.Http;
using Granary.Serving;
using Granary.Serving.Clusters;
using Granary.Serving.Formats.Triton.Repository;
using Granary.Serving.Handlers;
using Granary.Serving.Json;
using Microsoft.Extensions.Options;

namespace Granary.Api.OpenInference.V1;

/// <summary><c>POST /v1/models/{model}[/versions/{version}]:predict</c>, whatever its content type says.</summary>
internal sealed partial class PredictEndpoint(IServedModels models, IModelCluster cluster, IOptions<ServerOptions> options, ILogger<PredictEndpoint> logger)
{
    private readonly PredictionsWriter _predictions = new();
    private readonly OutputsWriter _outputs = new();
    private readonly V2FormWriter _v2 = new();
    private readonly long _limitBytes = options.Value.MaxRequestBodyBytes;

    /// <summary>Answers one request; never throws.</summary>
    public async Task HandleAsync(HttpContext context)
    {
        try
        {
            using var writer = new PooledBufferWriter();
            await PredictAsync(context, writer);
            await ReplyAsync(context, writer);
        }
        catch (Exception exception)
        {
            await FailAsync(context, exception);
        }
    }

    private async Task PredictAsync(HttpContext context, PooledBufferWriter writer)
    {
        var values = context.Request.RouteValues;
        var cancellation = context.RequestAborted;
        var reading = DecodedBody.ReadAsync(context.Request, _limitBytes, cancellation);
        ServedModel model;
        V1Request request;
        using (var body = await reading)
        {
            model = await models.GetAsync((string)values["model"]!, values["version"] as string ?? "", cancellation);
            request = InstanceReader.Read(body.Span, model);
        }

        using (request)
        {
            if (InstanceRequests.Of(model, request) is { } requests)
            {
                await requests.RunAsync(cluster, instances => _predictions.Write(writer, model, instances), cancellation);
                return;
            }

            using var result = await cluster.InferAsync(model.Key, new InferenceRequest { Inputs = request.Inputs }, cancellation);
            IReplyWriter reply = model.Definition.HasHandler(HandlerNames.V2Reply) ? _v2 : request.IsColumnar ? _outputs : _predictions;
            reply.Write(writer, model, result.Value);
        }
    }

    private static async Task ReplyAsync(HttpContext context, PooledBufferWriter body)
    {
        var coding = ContentCodings.OfResponse(context.Request.Headers.AcceptEncoding);
        if (coding == ContentCoding.Identity)
        {
            await Responses.WriteAsync(context.Response, StatusCodes.Status200OK, Responses.Json, body.WrittenMemory);
            return;
        }

        using var compressed = new PooledBufferWriter(1024 + (body.WrittenCount / 4));
        ContentCodings.Compress(compressed, coding, body.WrittenSpan);
        context.Response.Headers.ContentEncoding = ContentCodings.NameOf(coding);
        await Responses.WriteAsync(context.Response, StatusCodes.Status200OK, Responses.Json, compressed.WrittenMemory);
    }

    private Task FailAsync(HttpContext context, Exception exception)
    {
        // Nobody is left to tell.
        if (context.RequestAborted.IsCancellationRequested)
            return Task.CompletedTask;
        var failure = Failure.From(exception);
        if (failure.IsDefect)
            LogDefect(exception);
        if (exception is ServingException { Error: ServingError.Unsupported } && context.Request.Headers.ContentEncoding.Count > 0)
            context.Response.Headers.AcceptEncoding = ContentCodings.Supported;
        if (!context.Response.HasStarted)
            return V1Errors.WriteAsync(context, failure);
        context.Abort();
        return Task.CompletedTask;
    }

    [LoggerMessage(LogLevel.Error, "A V1 request failed unexpectedly")]
    private partial void LogDefect(Exception exception);
}
