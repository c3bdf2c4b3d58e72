using Granary.Api.Http;
using Granary.Serving;
using Granary.Serving.Json;
using Microsoft.Extensions.Options;

namespace Granary.Api.OpenInference.Http;

/// <summary>
/// <c>POST …/generate</c> and <c>…/generate_stream</c>: inputs and outputs as plain keys of one object. A TorchScript model answers
/// once, so the stream has one event. Source: Triton, <c>docs/protocol/extension_generate.md</c>.
/// </summary>
internal sealed class GenerateEndpoint(V2Inference inference, IOptions<ServerOptions> options)
{
    private readonly long _limitBytes = options.Value.MaxRequestBodyBytes;

    /// <summary>One JSON answer.</summary>
    public async Task GenerateAsync(HttpContext context)
    {
        using var json = new PooledBufferWriter();
        await RunAsync(context, json);
        await V2Endpoint.WriteAsync(context, json);
    }

    /// <summary>Server-sent events.</summary>
    public async Task StreamAsync(HttpContext context)
    {
        using var text = new PooledBufferWriter();
        text.Write("data: "u8);
        await RunAsync(context, text);
        text.Write("\n\n"u8);
        await Responses.WriteAsync(context.Response, StatusCodes.Status200OK, "text/event-stream; charset=utf-8", text.WrittenMemory);
    }

    private async Task RunAsync(HttpContext context, PooledBufferWriter target)
    {
        if (ContentCodings.OfRequest(context.Request.Headers.ContentEncoding) != ContentCoding.Identity)
            throw new ServingException(ServingError.Unsupported, "Unable to parse the compressed body of a generate request; send it as it is");
        var model = await inference.FindAsync(V2Endpoint.Model(context), V2Endpoint.Version(context), context.RequestAborted);
        using var body = await RequestBody.ReadAsync(context.Request, _limitBytes, context.RequestAborted);
        using var request = GenerateRequestReader.Read(body.Span, model.Config);
        using var answer = await inference.InferAsync(model, request, context.RequestAborted);
        GenerateResponseWriter.Write(target, answer.Result);
    }
}
