using System.Globalization;
using Granary.Serving.Formats.Triton.Repository;
using Microsoft.Extensions.Options;

namespace Granary.Api.OpenInference.Http;

/// <summary><c>POST /v2/models/{model}[/versions/{version}]/infer</c>.</summary>
internal sealed class InferEndpoint(V2Inference inference, IOptions<ServerOptions> options, V2Endpoint endpoint)
{
    private readonly long _limitBytes = options.Value.MaxRequestBodyBytes;

    /// <summary>Answers one request; never throws.</summary>
    public async Task HandleAsync(HttpContext context)
    {
        try
        {
            // Before the body: an unknown model is worth no reading.
            var model = await inference.FindAsync(V2Endpoint.Model(context), V2Endpoint.Version(context), context.RequestAborted);
            using var request = await ReadAsync(context, model);
            using var answer = await inference.InferAsync(model, request, context.RequestAborted);
            await InferResponse.WriteAsync(context, answer.Result);
        }
        catch (Exception exception)
        {
            await endpoint.FailAsync(context, exception);
        }
    }

    private async ValueTask<V2Request> ReadAsync(HttpContext context, ServedModel model)
    {
        var jsonBytes = JsonBytes(context.Request);
        using var body = await DecodedBody.ReadAsync(context.Request, _limitBytes, context.RequestAborted);
        return Parse(body.Span, jsonBytes, model);
    }

    private static V2Request Parse(ReadOnlySpan<byte> body, long? jsonBytes, ServedModel model) =>
        jsonBytes == 0 ? RawRequestReader.Read(body, model) : InferRequestReader.Read(body, jsonBytes);

    private static long? JsonBytes(HttpRequest request)
    {
        var header = request.Headers[InferResponse.HeaderLength];
        if (header.Count == 0)
            return null;
        return long.TryParse(header.ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out var length) && length <= int.MaxValue
            ? length
            : throw V2Errors.Invalid($"Unable to parse {InferResponse.HeaderLength}, got: {header}");
    }
}
