using Granary.Api.Hosting;
using Granary.Api.Http;
using Granary.Serving.Json;
using Granary.Serving.Models;

namespace Granary.Api.Infernet;

/// <summary>
/// <c>GET /service-resources[?model_id=]</c>: what this service runs on and which models it supports. Always 200, as the original.
/// Source: infernet-monorepo, <c>utils/spec.py</c>.
/// </summary>
internal sealed class ServiceResourcesEndpoint(ResourceSnapshots snapshots, DefaultModelState defaultModel)
{
    private static readonly string[] Extensions = [".torch", ".pt", ".pth"];

    /// <summary>Answers one request.</summary>
    public async Task HandleAsync(HttpContext context)
    {
        using var writer = new PooledBufferWriter();
        var modelId = context.Request.Query["model_id"].ToString();
        if (modelId.Length > 0)
            WriteSupport(writer, modelId);
        else
            WriteResources(writer, await snapshots.GetAsync());
        await Responses.WriteAsync(context.Response, StatusCodes.Status200OK, Responses.Json, writer.WrittenMemory);
    }

    /// <summary>A model is supported when the file that its id names first is one that this service reads.</summary>
    private static void WriteSupport(PooledBufferWriter writer, string modelId)
    {
        if (!ModelIdParser.TryParse(modelId, out var id, out var fault))
        {
            WriteFault(writer, fault);
            return;
        }

        if (id.File is null)
        {
            WriteFault(writer, "the model id names no file; add ':' and the file to load");
            return;
        }

        writer.Write("{\"supported\":"u8);
        JsonScalarWriter.WriteBoolean(writer, Array.Exists(Extensions, extension => id.File.EndsWith(extension, StringComparison.Ordinal)));
        writer.WriteByte((byte)'}');
    }

    private static void WriteFault(PooledBufferWriter writer, string fault)
    {
        writer.Write("{\"supported\":false,\"error\":"u8);
        JsonScalarWriter.WriteString(writer, fault);
        writer.WriteByte((byte)'}');
    }

    private void WriteResources(PooledBufferWriter writer, byte[] snapshot)
    {
        var model = defaultModel.Current;
        writer.Write(snapshot);
        writer.Write(",\"default_model\":{\"state\":"u8);
        JsonScalarWriter.WriteString(writer, model.State);
        writer.Write(",\"version\":"u8);
        WriteOptional(writer, model.Key?.Version);
        writer.Write(",\"reason\":"u8);
        WriteOptional(writer, model.Reason);
        writer.Write("}}"u8);
    }

    private static void WriteOptional(PooledBufferWriter writer, string? text)
    {
        if (text is null)
            writer.Write("null"u8);
        else
            JsonScalarWriter.WriteString(writer, text);
    }
}
