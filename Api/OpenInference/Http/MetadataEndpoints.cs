using System.Text.Json;
using Granary.Api.Http;
using Granary.Serving.Formats.Triton.Config;
using Granary.Serving.Json;

namespace Granary.Api.OpenInference.Http;

/// <summary>Health, metadata and configuration. Keys stand in Triton's order.</summary>
internal sealed class MetadataEndpoints(V2Server server, V2Models models, V2Inference inference)
{
    private static readonly ReadOnlyMemory<byte> Live = "{\"live\":true}"u8.ToArray();
    private static readonly ReadOnlyMemory<byte> Ready = "{\"ready\":true}"u8.ToArray();
    private static readonly ReadOnlyMemory<byte> NotReady = "{\"ready\":false}"u8.ToArray();

    /// <summary><c>GET /v2/health/live</c>.</summary>
    public Task LiveAsync(HttpContext context) => Responses.WriteAsync(context.Response, StatusCodes.Status200OK, Responses.Json, Live);

    /// <summary><c>GET /v2/health/ready</c>: 400 when not, as Triton.</summary>
    public async Task ReadyAsync(HttpContext context)
    {
        var ready = await server.IsReadyAsync(context.RequestAborted);
        await Responses.WriteAsync(context.Response, ready ? StatusCodes.Status200OK : StatusCodes.Status400BadRequest, Responses.Json, ready ? Ready : NotReady);
    }

    /// <summary><c>GET /v2</c>.</summary>
    public Task ServerAsync(HttpContext context) => JsonAnswer.WriteAsync(context, json =>
    {
        json.WriteStartObject();
        json.WriteString("name", server.Name);
        json.WriteString("version", V2Server.Version);
        Write(json, "extensions", V2Server.Extensions);
        json.WriteEndObject();
    });

    /// <summary><c>GET /v2/models</c>, which KServe's own server has.</summary>
    public async Task ModelsAsync(HttpContext context)
    {
        var names = await models.NamesAsync(context.RequestAborted);
        await JsonAnswer.WriteAsync(context, json =>
        {
            json.WriteStartObject();
            Write(json, "models", names);
            json.WriteEndObject();
        });
    }

    /// <summary><c>GET /v2/models/{model}</c>.</summary>
    public async Task ModelAsync(HttpContext context)
    {
        var model = await models.DescribeAsync(V2Endpoint.Model(context), V2Endpoint.Version(context), context.RequestAborted);
        await JsonAnswer.WriteAsync(context, json =>
        {
            json.WriteStartObject();
            json.WriteString("name", model.Name);
            Write(json, "versions", model.Versions);
            json.WriteString("platform", model.Platform);
            Write(json, "inputs", model.Inputs);
            Write(json, "outputs", model.Outputs);
            json.WriteEndObject();
        });
    }

    /// <summary><c>GET /v2/models/{model}/ready</c>.</summary>
    public async Task ModelReadyAsync(HttpContext context)
    {
        if (await models.IsReadyAsync(V2Endpoint.Model(context), V2Endpoint.Version(context), context.RequestAborted))
            await V2Endpoint.OkAsync(context);
        else
            await V2HttpErrors.WriteAsync(context, StatusCodes.Status400BadRequest, "Model version not ready");
    }

    /// <summary><c>GET /v2/models/{model}/config</c>.</summary>
    public async Task ConfigAsync(HttpContext context)
    {
        var model = await inference.FindAsync(V2Endpoint.Model(context), V2Endpoint.Version(context), context.RequestAborted);
        using var json = new PooledBufferWriter();
        ModelConfigCodec.WriteJson(json, model.Config);
        await V2Endpoint.WriteAsync(context, json);
    }

    private static void Write(Utf8JsonWriter json, string name, IReadOnlyList<string> texts)
    {
        json.WriteStartArray(name);
        foreach (var text in texts)
            json.WriteStringValue(text);
        json.WriteEndArray();
    }

    private static void Write(Utf8JsonWriter json, string name, IReadOnlyList<V2TensorMetadata> tensors)
    {
        json.WriteStartArray(name);
        foreach (var tensor in tensors)
        {
            json.WriteStartObject();
            json.WriteString("name", tensor.Name);
            json.WriteString("datatype", tensor.Datatype);
            json.WriteStartArray("shape");
            foreach (var size in tensor.Shape)
                json.WriteNumberValue(size);
            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
