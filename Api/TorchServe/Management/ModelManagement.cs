using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Granary.Serving;
using Granary.Serving.Clusters;
using Granary.Serving.Formats.Archives;
using Granary.Serving.Models;
using Microsoft.Extensions.Options;

namespace Granary.Api.TorchServe.Management;

/// <summary>
/// What TorchServe's management API does, whichever transport asks. The catalog keeps everything, so it survives restarts; workers are
/// instances of one loaded model. Source: pytorch/serve, <c>ApiUtils.java</c>.
/// </summary>
internal sealed partial class ModelManagement(
    IModelCatalog catalog,
    IModelCluster cluster,
    TorchServeModels models,
    ModelRegistration registration,
    WorkerLimits limits,
    IOptions<TorchServeOptions> options,
    IHostApplicationLifetime lifetime,
    ILogger<ModelManagement> logger)
{
    private const string Processing = "Processing worker updates...";
    private static readonly JsonWriterOptions Readable = new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Registers a version and starts its workers.</summary>
    /// <exception cref="TorchServeException">405 unless that is allowed, and everything that can be wrong.</exception>
    public async Task<StatusResult> RegisterAsync(RegisterRequest request, CancellationToken cancellation)
    {
        RequireModelApi();
        var definition = await registration.ReadAsync(request, cancellation);
        await RegisterAsync(definition, cancellation);
        LogRegistered(definition.Key, definition.UrlText());
        if (definition.Instances == 0)
            return new StatusResult(StatusCodes.Status200OK, $"Model \"{definition.Name}\" Version: {definition.Version} registered with 0 initial workers. Use scale workers API to add workers for the model.");
        var timeout = TimeSpan.FromSeconds(definition.Number(ArchiveAnnotations.StartupTimeout, (int)options.Value.DefaultStartupTimeout.TotalSeconds));
        if (!request.Synchronous)
        {
            _ = StartInBackgroundAsync(definition, timeout);
            return new StatusResult(StatusCodes.Status202Accepted, Processing);
        }

        await StartAsync(definition, timeout, cancellation);
        return new StatusResult(StatusCodes.Status200OK, $"Model \"{definition.Name}\" Version: {definition.Version} registered with {definition.Instances} initial workers");
    }

    /// <summary>Changes how many workers a version has; calls in flight are not disturbed. Without any, requests of this protocol get 503.</summary>
    /// <param name="name">The model.</param>
    /// <param name="version">Null for the default one.</param>
    /// <param name="least">What it gets.</param>
    /// <param name="most">Shown in the description; null for the same.</param>
    /// <param name="synchronous">Whether to answer when it is done.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    public async Task<StatusResult> ScaleAsync(string name, string? version, int least, int? most, bool synchronous, CancellationToken cancellation)
    {
        if (least < 0)
            throw TorchServeException.BadRequest($"min_worker is {least}; expected zero or more.");
        if (most < least)
            throw TorchServeException.BadRequest("max_worker cannot be less than min_worker.");
        var definition = await models.RequireAsync(name, version, cancellation);
        if (least == 0 && !definition.IsTorchServe())
            throw TorchServeException.BadRequest($"model '{name}' was not registered through this API, so it cannot be left without workers; unload it instead");
        await catalog.ScaleAsync(definition.Key, least, cancellation);
        limits.Set(definition.Key, most ?? least);
        LogScaled(definition.Key, least);
        if (!synchronous)
        {
            _ = ApplyInBackgroundAsync(definition.Key, least);
            return new StatusResult(StatusCodes.Status202Accepted, Processing);
        }

        await ApplyAsync(definition.Key, least, cancellation);
        return new StatusResult(StatusCodes.Status200OK, $"Workers scaled to {least} for model: {name}{(version is null ? "" : $", version: {version}")}");
    }

    /// <summary>Takes a version away, after its running calls.</summary>
    /// <param name="name">The model.</param>
    /// <param name="version">Null for the default one, which must then be the only one.</param>
    /// <param name="cancellation">Gives up.</param>
    public async Task<string> UnregisterAsync(string name, string? version, CancellationToken cancellation)
    {
        RequireModelApi();
        var definition = await models.RequireAsync(name, version, cancellation);
        var model = await models.RequireAsync(name, cancellation);
        if (definition.Version == model.DefaultVersion && model.Versions.Count > 1)
            throw new TorchServeException(StatusCodes.Status403Forbidden, "InvalidModelVersionException", $"Cannot remove default version for model {name}");
        if (definition.Annotations.ContainsKey("triton.repository"))
            throw new TorchServeException(StatusCodes.Status403Forbidden, "InvalidModelException", $"Model \"{name}\" belongs to a model repository, which decides what is served; unload it with POST /v2/repository/models/{name}/unload");
        await DeleteAsync(definition, cancellation);
        LogUnregistered(definition.Key);
        return $"Model \"{name}\" unregistered";
    }

    /// <summary>Makes a version the default one.</summary>
    public async Task<string> SetDefaultAsync(string name, string version, CancellationToken cancellation)
    {
        await models.RequireAsync(name, cancellation);
        var definition = await models.RequireAsync(name, version, cancellation);
        await catalog.SetDefaultAsync(definition.Key, cancellation);
        LogDefault(definition.Key);
        return $"Default version successfully updated for model \"{name}\" to \"{version}\"";
    }

    /// <summary>The JSON list of what there is to say of a version, or of all.</summary>
    /// <param name="name">The model.</param>
    /// <param name="version">Null for the default one; <c>all</c> for all.</param>
    /// <param name="cancellation">Gives up.</param>
    public async Task<ReadOnlyMemory<byte>> DescribeAsync(string name, string? version, CancellationToken cancellation)
    {
        var model = await models.RequireAsync(name, cancellation);
        IReadOnlyList<ModelDefinition> definitions = version == "all" ? model.Versions : [await models.RequireAsync(name, version, cancellation)];
        var descriptions = new List<ModelDescription>();
        foreach (var definition in definitions)
            descriptions.Add(new ModelDescription(definition, await cluster.GetStatusAsync(definition.Key, cancellation), options.Value, limits));
        return Json(writer =>
        {
            writer.WriteStartArray();
            descriptions.ForEach(description => description.Write(writer));
            writer.WriteEndArray();
        });
    }

    /// <summary>The JSON of one page of the models.</summary>
    public async Task<ReadOnlyMemory<byte>> ListAsync(int limit, int token, CancellationToken cancellation)
    {
        var all = await models.ListAsync(cancellation);
        return Json(writer => ModelListing.Write(writer, all, limit, token));
    }

    /// <summary>Whether every default version that is to have workers has them: none of them failed to load.</summary>
    public async ValueTask<bool> IsHealthyAsync(CancellationToken cancellation)
    {
        foreach (var status in await cluster.ListAsync(cancellation))
        {
            if (status.State == ModelState.Failed && await catalog.FindAsync(status.Key.Name, cancellation) is { } model && model.Find(status.Key.Version) is { } definition
                && definition.Version == model.DefaultVersion && !definition.HasNoWorkers())
                return false;
        }

        return true;
    }

    private static ReadOnlyMemory<byte> Json(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, Readable))
            write(writer);
        return buffer.WrittenMemory;
    }

    private static TorchServeException AlreadyRegistered(ModelDefinition definition) =>
        new(StatusCodes.Status409Conflict, "ConflictStatusException", $"Model version {definition.Version} is already registered for model {definition.Name}");

    private void RequireModelApi()
    {
        if (!options.Value.EnableModelApi)
            throw TorchServeException.MethodNotAllowed();
    }

    private async Task RegisterAsync(ModelDefinition definition, CancellationToken cancellation)
    {
        try
        {
            // The catalog takes the same definition twice.
            if ((await catalog.FindAsync(definition.Name, cancellation))?.Find(definition.Version) is not null)
                throw AlreadyRegistered(definition);
            await catalog.RegisterAsync(definition, cancellation: cancellation);
        }
        catch (Exception exception)
        {
            registration.Discard(definition);
            if (exception is ServingException { Error: ServingError.AlreadyExists })
                throw AlreadyRegistered(definition);
            throw;
        }
    }

    // A model that cannot start does not stay registered, as in TorchServe.
    private async Task StartAsync(ModelDefinition definition, TimeSpan timeout, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(timeout);
        string reason;
        try
        {
            await cluster.LoadAsync(definition.Key, limit.Token);
            return;
        }
        catch (ServingException exception)
        {
            reason = exception.Message;
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            reason = $"it took longer than {timeout.TotalSeconds:0} s";
        }

        await DeleteAsync(definition, CancellationToken.None);
        throw new TorchServeException(StatusCodes.Status500InternalServerError, "InternalServerException", $"Failed to start workers for model {definition.Name} version: {definition.Version}: {reason}");
    }

    private async Task StartInBackgroundAsync(ModelDefinition definition, TimeSpan timeout)
    {
        try
        {
            await StartAsync(definition, timeout, lifetime.ApplicationStopping);
        }
        catch (Exception exception)
        {
            if (!lifetime.ApplicationStopping.IsCancellationRequested)
                LogStartFailed(definition.Key, exception.Message);
        }
    }

    private async Task ApplyAsync(ModelKey key, int workers, CancellationToken cancellation)
    {
        if (workers == 0)
        {
            await cluster.UnloadAsync(key, cancellation);
            return;
        }

        await cluster.ScaleAsync(key, workers, cancellation);
        await cluster.LoadAsync(key, cancellation);
    }

    private async Task ApplyInBackgroundAsync(ModelKey key, int workers)
    {
        try
        {
            await ApplyAsync(key, workers, lifetime.ApplicationStopping);
        }
        catch (Exception exception)
        {
            if (!lifetime.ApplicationStopping.IsCancellationRequested)
                LogStartFailed(key, exception.Message);
        }
    }

    private async Task DeleteAsync(ModelDefinition definition, CancellationToken cancellation)
    {
        await catalog.DeleteAsync(definition.Key, cancellation);
        limits.Remove(definition.Key);
        registration.Discard(definition);
        try
        {
            await cluster.UnloadAsync(definition.Key, cancellation);
        }
        catch (ServingException exception) when (exception.Error == ServingError.NotFound)
        {
            // A cluster may refuse keys that the catalog no longer holds; then nothing of it is in memory.
        }
    }

    [LoggerMessage(LogLevel.Information, "Registered {Key} from {Url}")]
    private partial void LogRegistered(ModelKey key, string url);

    [LoggerMessage(LogLevel.Information, "Scaled {Key} to {Workers} workers")]
    private partial void LogScaled(ModelKey key, int workers);

    [LoggerMessage(LogLevel.Information, "Unregistered {Key}")]
    private partial void LogUnregistered(ModelKey key);

    [LoggerMessage(LogLevel.Information, "Made {Key} the default")]
    private partial void LogDefault(ModelKey key);

    [LoggerMessage(LogLevel.Error, "The workers of {Key} did not start: {Reason}")]
    private partial void LogStartFailed(ModelKey key, string reason);
}
