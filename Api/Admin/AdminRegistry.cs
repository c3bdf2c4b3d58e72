using System.Globalization;
using System.Text.Json;
using Granary.Serving;
using Granary.Serving.Clusters;
using Granary.Serving.Models;
using Granary.Serving.Sources;
using Microsoft.Extensions.Options;

namespace Granary.Api.Admin;

/// <summary>Changes of the catalog: register, set default, delete.</summary>
internal sealed partial class AdminRegistry(IModelCatalog catalog, IModelCluster cluster, IOptions<AdminOptions> options, IServiceProvider services, ILogger<AdminRegistry> logger)
{
    // A host that only joins a cluster has no sources of its own; the silo then checks when it loads.
    private readonly ISourcePolicy? _policy = services.GetService<ISourcePolicy>();

    private const int NumberingAttempts = 8;

    /// <summary>Registers the version that the path names.</summary>
    public async Task RegisterAsync(HttpContext context)
    {
        using var body = await AdminBody.RequireAsync(context, options.Value.MaxBodyBytes, "a definition");
        var definition = Read(body.RootElement, context.Part("name")!, context.Part("version")!);
        var existed = (await catalog.FindAsync(definition.Name, context.RequestAborted))?.Find(definition.Version) is not null;
        await catalog.RegisterAsync(definition, context.Flag("default", false), context.RequestAborted);
        await AnswerAsync(context, definition, existed ? StatusCodes.Status200OK : StatusCodes.Status201Created);
    }

    /// <summary>Registers the next free version of a name.</summary>
    public async Task RegisterNextAsync(HttpContext context)
    {
        var name = context.Part("name")!;
        using var body = await AdminBody.RequireAsync(context, options.Value.MaxBodyBytes, "a definition");
        var makeDefault = context.Flag("default", false);
        for (var attempt = 1; ; attempt++)
        {
            var model = await catalog.FindAsync(name, context.RequestAborted);
            var definition = Read(body.RootElement, name, NextVersion(model));
            try
            {
                await catalog.RegisterAsync(definition, makeDefault, context.RequestAborted);
            }
            catch (ServingException exception) when (exception.Error == ServingError.AlreadyExists && attempt < NumberingAttempts)
            {
                // Somebody else took the number between the look and the write.
                continue;
            }

            await AnswerAsync(context, definition, StatusCodes.Status201Created);
            return;
        }
    }

    /// <summary>Makes a version the default.</summary>
    public async Task SetDefaultAsync(HttpContext context)
    {
        var name = context.Part("name")!;
        using var body = await AdminBody.RequireAsync(context, options.Value.MaxBodyBytes, "{\"version\":\"…\"}");
        var key = new ModelKey(name, ReadVersion(body.RootElement));
        (await catalog.RequireAsync(name, context.RequestAborted)).Require(key.Version);
        await catalog.SetDefaultAsync(key, context.RequestAborted);
        LogDefault(key, context.Connection.RemoteIpAddress);
        var model = await catalog.RequireAsync(name, context.RequestAborted);
        var status = await cluster.GetStatusAsync(key, context.RequestAborted);
        await context.WriteAsync(AdminViewFactory.Version(model, model.Require(key.Version), status), AdminJson.Readable.VersionView);
    }

    /// <summary>Removes one version, or every version when the path names none, and unloads what was in memory.</summary>
    public async Task DeleteAsync(HttpContext context)
    {
        var model = await catalog.RequireAsync(context.Part("name")!, context.RequestAborted);
        IReadOnlyList<ModelDefinition> doomed = context.Part("version") is { } version ? [model.Require(version)] : model.Versions;
        List<string> deleted = [];
        foreach (var definition in doomed)
        {
            if (await catalog.DeleteAsync(definition.Key, context.RequestAborted))
                deleted.Add(definition.Key.ToString());
            LogDeleted(definition.Key, context.Connection.RemoteIpAddress);
            await UnloadAsync(definition.Key, context.RequestAborted);
        }

        await context.WriteAsync(new DeleteView(deleted), AdminJson.Readable.DeleteView);
    }

    // A source that the lists do not allow is refused now rather than when the first request wants it.
    private ModelDefinition Read(JsonElement body, string name, string version)
    {
        var definition = DefinitionReader.Read(body, name, version);
        _policy?.Check(definition.Source, definition.Trusted);
        return definition;
    }

    private static string NextVersion(CatalogModel? model)
    {
        var last = model is null ? 0 : ModelVersions.Major(model.Versions[^1].Version);
        return (last + 1).ToString(CultureInfo.InvariantCulture);
    }

    private static string ReadVersion(JsonElement body)
    {
        List<string> faults = [];
        var fields = new JsonFields(body, "", faults);
        var version = fields.TryGet("version", out var value) && value.ValueKind == JsonValueKind.Number ? value.GetRawText() : fields.Text("version");
        if (version is null && faults.Count == 0)
            fields.Fault("version", "missing");
        fields.RefuseUnknown();
        return faults.Count == 0 ? version! : throw new ServingException(ServingError.InvalidArgument, $"The default cannot be set: {string.Join("; ", faults)}");
    }

    private async ValueTask UnloadAsync(ModelKey key, CancellationToken cancellation)
    {
        try
        {
            await cluster.UnloadAsync(key, cancellation);
        }
        catch (ServingException exception) when (exception.Error == ServingError.NotFound)
        {
            // A cluster may refuse keys that the catalog no longer holds; then nothing of it is in memory.
        }
    }

    private async Task AnswerAsync(HttpContext context, ModelDefinition definition, int status)
    {
        LogRegistered(definition.Key, definition.Source, context.Connection.RemoteIpAddress);
        var model = await catalog.RequireAsync(definition.Name, context.RequestAborted);
        context.Response.Headers.Location = $"/admin/models/{definition.Name}/versions/{definition.Version}";
        var view = AdminViewFactory.Version(model, definition, await cluster.GetStatusAsync(definition.Key, context.RequestAborted));
        await context.WriteAsync(view, AdminJson.Readable.VersionView, status);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Registered {Key} from {Source} for {Remote}")]
    private partial void LogRegistered(ModelKey key, ModelId source, System.Net.IPAddress? remote);

    [LoggerMessage(Level = LogLevel.Information, Message = "Made {Key} the default for {Remote}")]
    private partial void LogDefault(ModelKey key, System.Net.IPAddress? remote);

    [LoggerMessage(Level = LogLevel.Information, Message = "Deleted {Key} for {Remote}")]
    private partial void LogDeleted(ModelKey key, System.Net.IPAddress? remote);
}
