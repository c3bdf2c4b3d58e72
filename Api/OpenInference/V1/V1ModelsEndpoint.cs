using Granary.Api.Http;
using Granary.Serving;
using Granary.Serving.Clusters;
using Granary.Serving.Formats.Triton.Repository;
using Granary.Serving.Json;

namespace Granary.Api.OpenInference.V1;

/// <summary>Which models there are, and whether one is ready.</summary>
internal sealed class V1ModelsEndpoint(IServedModels models, IModelRepository repository, IModelCluster cluster)
{
    /// <summary><c>GET /v1/models</c>: every name.</summary>
    public async Task ListAsync(HttpContext context)
    {
        var index = await repository.IndexAsync(readyOnly: false, context.RequestAborted);
        using var writer = new PooledBufferWriter();
        writer.Write("{\"models\":["u8);
        string? last = null;
        foreach (var entry in index)
        {
            if (entry.Name == last)
                continue;
            if (last is not null)
                writer.WriteByte((byte)',');
            JsonScalarWriter.WriteString(writer, last = entry.Name);
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
        var definition = await models.FindAsync(name, "", context.RequestAborted);
        var status = await cluster.GetStatusAsync(definition.Key, context.RequestAborted);
        var ready = status.State is ModelState.Ready or ModelState.Unloaded;
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
