using Granary.Api.Http;
using Granary.Serving;
using Granary.Serving.Json;

namespace Granary.Api.OpenInference.V1;

/// <summary>Which models there are, and whether one is ready.</summary>
internal sealed class V1ModelsEndpoint(V2Models models)
{
    /// <summary><c>GET /v1/models</c>: the names that serve.</summary>
    public async Task ListAsync(HttpContext context)
    {
        var names = await models.NamesAsync(context.RequestAborted);
        using var writer = new PooledBufferWriter();
        writer.Write("{\"models\":["u8);
        for (var i = 0; i < names.Count; i++)
        {
            if (i > 0)
                writer.WriteByte((byte)',');
            JsonScalarWriter.WriteString(writer, names[i]);
        }

        writer.Write("]}"u8);
        await Responses.WriteAsync(context.Response, StatusCodes.Status200OK, Responses.Json, writer.WrittenMemory);
    }

    /// <summary>
    /// <c>GET /v1/models/{model}</c>: 200 when a request would be answered, else 503. A model that is not in memory counts: its first
    /// request loads it.
    /// </summary>
    public async Task ReadyAsync(HttpContext context)
    {
        var name = (string)context.Request.RouteValues["model"]!;
        var ready = await models.IsReadyAsync(name, "", context.RequestAborted);
        using var writer = new PooledBufferWriter(256);
        writer.Write("{\"name\":"u8);
        JsonScalarWriter.WriteString(writer, name);
        writer.Write(",\"ready\":"u8);
        JsonScalarWriter.WriteBoolean(writer, ready);
        writer.WriteByte((byte)'}');
        await Responses.WriteAsync(context.Response, ready ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable, Responses.Json, writer.WrittenMemory);
    }

    /// <summary><c>POST …:explain</c>: there are no explainers.</summary>
    public static Task ExplainAsync(HttpContext context) =>
        V1Errors.WriteAsync(context, new Failure(ServingError.Unsupported, "This server has no explainers; send :predict", null));
}
