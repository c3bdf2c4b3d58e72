using Granary.Api.Http;
using Granary.Serving.Clusters;
using Granary.Serving.Json;
using Granary.Serving.Models;
using Granary.Torch;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;

namespace Granary.Api.TorchServe.Inference;

/// <summary>Everything that runs a model over HTTP, whatever the method. Source: pytorch/serve, <c>InferenceRequestHandler.java</c>.</summary>
internal sealed class PredictionsEndpoint(Predictor predictor, TorchServeModels models, TorchServeCounters counters, IOptions<ServerOptions> server, IOptions<TorchServeOptions> options)
{
    private readonly long _limitBytes = server.Value.MaxRequestBodyBytes;
    private readonly bool _hasEnvelope = options.Value.ServiceEnvelope is "json" or "kserve";

    /// <summary><c>/predictions/{model}[/{version}[/…]]</c>, <c>/models/{model}/invoke</c> and <c>/{model}[/{version}]/predict</c>.</summary>
    public Task PredictAsync(HttpContext context)
    {
        var values = context.Request.RouteValues;
        return PredictAsync(context, (string)values["model"]!, values["version"] as string);
    }

    /// <summary><c>/invocations[?model_name=]</c>: without a name, the only model there is.</summary>
    public async Task InvokeAsync(HttpContext context)
    {
        var name = context.Request.Query.TryGetValue("model_name", out var names) && names.Count > 0 ? names[0] : null;
        if (string.IsNullOrEmpty(name))
        {
            var all = await models.ListAsync(context.RequestAborted);
            name = all.Count == 1 ? all[0].Name : throw TorchServeException.BadRequest("Parameter model_name is required.");
        }

        await PredictAsync(context, name, null);
    }

    /// <summary><c>/explanations/…</c>: needs Python.</summary>
    public static Task ExplainAsync(HttpContext context) =>
        throw new TorchServeException(StatusCodes.Status501NotImplemented, "NotImplementedException", "Explanations need Python (captum), which is never run here; ask for a prediction");

    private async Task PredictAsync(HttpContext context, string name, string? version)
    {
        var cancellation = context.RequestAborted;
        using var body = await RequestBody.ReadAsync(context.Request, _limitBytes, cancellation);
        if (HttpMethods.IsOptions(context.Request.Method))
        {
            await ModelApiText.WriteAsync(context, await models.RequireAsync(name, version, cancellation));
            return;
        }

        var definition = await predictor.FindAsync(name, version, cancellation);
        counters.Count(name, version);
        var input = await predictor.InputAsync(definition, cancellation);
        var type = MediaTypeHeaderValue.TryParse(context.Request.ContentType, out var parsed) ? parsed : null;
        using var writer = new PooledBufferWriter();
        var answerType = _hasEnvelope && !FormParts.IsForm(type)
            ? await WritePredictionsAsync(writer, definition, input, Envelope.Open(body.Span), cancellation)
            : await WriteAnswerAsync(writer, definition, version, await ArgumentsAsync(definition, body, type, input, cancellation), cancellation);
        await TorchServeAnswers.WriteAsync(context, StatusCodes.Status200OK, answerType, writer);
    }

    private ValueTask<IReadOnlyList<Argument>> ArgumentsAsync(ModelDefinition definition, RequestBody body, MediaTypeHeaderValue? type, ModelInput? input, CancellationToken cancellation)
    {
        if (!FormParts.IsForm(type))
            return new(predictor.Read(definition, input, body.Span, type?.MediaType.Value));
        // curl -d calls every body a form, which people who send JSON with it do not notice.
        var isJson = !FormParts.IsMultipart(type) && body.Span.TrimStart(" \t\r\n"u8) is [(byte)'[' or (byte)'{', ..];
        return isJson ? new(predictor.Read(definition, input, body.Span, Responses.Json)) : ReadFormAsync(definition, body.Span.ToArray(), type!, input, cancellation);
    }

    private async ValueTask<IReadOnlyList<Argument>> ReadFormAsync(ModelDefinition definition, byte[] body, MediaTypeHeaderValue type, ModelInput? input, CancellationToken cancellation) =>
        predictor.Read(definition, input, await FormParts.ReadAsync(body, type, cancellation));

    private async ValueTask<string> WriteAnswerAsync(PooledBufferWriter writer, ModelDefinition definition, string? version, IReadOnlyList<Argument> arguments, CancellationToken cancellation)
    {
        using var result = await predictor.RunAsync(definition, arguments, cancellation);
        counters.Answer(definition.Name, version, result.Timing);
        return AnswerText.Write(writer, result.Value);
    }

    // One call an instance; they are joined again where the model allows it.
    private async ValueTask<string> WritePredictionsAsync(PooledBufferWriter writer, ModelDefinition definition, ModelInput? input, List<RequestPart> instances, CancellationToken cancellation)
    {
        var calls = new List<Task<InferenceResult>>(instances.Count);
        try
        {
            foreach (var instance in instances)
                calls.Add(predictor.RunAsync(definition, predictor.Read(definition, input, [instance]), cancellation).AsTask());
            var values = new List<Value>(calls.Count);
            foreach (var call in calls)
                values.Add((await call).Value);
            PythonJsonWriter.Write(writer, new DictValue([new(new StringValue("predictions"), new ListValue(values))]));
            return Responses.Json;
        }
        finally
        {
            foreach (var call in calls)
            {
                await ((Task)call).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                if (call.IsCompletedSuccessfully)
                    (await call).Dispose();
            }
        }
    }
}
