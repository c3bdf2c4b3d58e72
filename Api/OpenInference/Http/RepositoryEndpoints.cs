using System.Text.Json;
using Granary.Serving;
using Granary.Serving.Formats.Triton.Repository;

namespace Granary.Api.OpenInference.Http;

/// <summary>
/// The model repository extension: index, load, unload.
/// Source: Triton, <c>docs/protocol/extension_model_repository.md</c>.
/// </summary>
internal sealed class RepositoryEndpoints(IModelRepository repository, JsonBody bodies)
{
    /// <summary><c>POST /v2/repository/index</c>.</summary>
    public async Task IndexAsync(HttpContext context)
    {
        RefuseRepositoryName(context);
        var body = await bodies.ReadAsync(context);
        var readyOnly = body.TryGetProperty("ready", out var ready) && Boolean(ready, "ready");
        var entries = await repository.IndexAsync(readyOnly, context.RequestAborted);
        await JsonAnswer.WriteAsync(context, json =>
        {
            json.WriteStartArray();
            foreach (var entry in entries)
                Write(json, entry);
            json.WriteEndArray();
        });
    }

    /// <summary><c>POST /v2/repository/models/{model}/load</c>.</summary>
    public async Task LoadAsync(HttpContext context)
    {
        RefuseRepositoryName(context);
        await repository.LoadAsync(V2Endpoint.Model(context), ReadOverride(await bodies.ReadAsync(context)), context.RequestAborted);
        await V2Endpoint.OkAsync(context);
    }

    /// <summary><c>POST /v2/repository/models/{model}/unload</c>; with <c>unload_dependents</c> also the models of an ensemble that no other needs.</summary>
    public async Task UnloadAsync(HttpContext context)
    {
        RefuseRepositoryName(context);
        var body = await bodies.ReadAsync(context);
        var withDependents = body.TryGetProperty("parameters", out var parameters) && parameters.ValueKind == JsonValueKind.Object
            && parameters.TryGetProperty("unload_dependents", out var dependents) && Boolean(dependents, "unload_dependents");
        await repository.UnloadAsync(V2Endpoint.Model(context), withDependents, context.RequestAborted);
        await V2Endpoint.OkAsync(context);
    }

    private static void Write(Utf8JsonWriter json, RepositoryIndexEntry entry)
    {
        json.WriteStartObject();
        json.WriteString("name", entry.Name);
        if (entry.Version is not null)
            json.WriteString("version", entry.Version);
        if (entry.State is { } state)
            json.WriteString("state", state.ToString().ToUpperInvariant());
        if (entry.Reason.Length > 0)
            json.WriteString("reason", entry.Reason);
        json.WriteEndObject();
    }

    private static ModelOverride? ReadOverride(JsonElement body)
    {
        if (!body.TryGetProperty("parameters", out var parameters) || parameters.ValueKind == JsonValueKind.Null)
            return null;
        if (parameters.ValueKind != JsonValueKind.Object)
            throw V2Errors.Invalid("'parameters' must be an object");
        string? config = null;
        var files = new Dictionary<string, byte[]>();
        foreach (var parameter in parameters.EnumerateObject())
        {
            if (parameter.Value.ValueKind != JsonValueKind.String)
                throw V2Errors.Invalid($"parameter '{parameter.Name}' must be a string");
            if (parameter.NameEquals("config"))
                config = parameter.Value.GetString();
            else if (parameter.Name.StartsWith("file:", StringComparison.Ordinal))
                files[parameter.Name["file:".Length..]] = Decode(parameter);
            else
                throw V2Errors.Invalid($"unknown parameter '{parameter.Name}' of a load request; known are 'config' and 'file:<version>/<name>'");
        }

        return config is null && files.Count == 0 ? null : new ModelOverride { Config = config, Files = files };
    }

    private static byte[] Decode(JsonProperty parameter) => parameter.Value.TryGetBytesFromBase64(out var bytes)
        ? bytes
        : throw V2Errors.Invalid($"the content of '{parameter.Name}' is no base64");

    private static bool Boolean(JsonElement value, string name) => value.ValueKind is JsonValueKind.True or JsonValueKind.False
        ? value.GetBoolean()
        : throw V2Errors.Invalid($"Invalid value for '{name}': expected a boolean");

    private static void RefuseRepositoryName(HttpContext context)
    {
        if (context.Request.RouteValues.ContainsKey("repository"))
            throw new ServingException(ServingError.Unsupported, "'repository_name' specification is not supported");
    }
}
