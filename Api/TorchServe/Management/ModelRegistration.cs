using Granary.Serving;
using Granary.Serving.Formats.Archives;
using Granary.Serving.Handlers;
using Granary.Serving.Models;
using Microsoft.Extensions.Options;

namespace Granary.Api.TorchServe.Management;

/// <summary>Turns what a client wants to register into a definition. Nothing in an archive is ever run.</summary>
internal sealed partial class ModelRegistration(ArchiveFetcher fetcher, IOptions<TorchServeOptions> options, ILogger<ModelRegistration> logger)
{
    private const string DefaultVersion = "1.0";
    private static readonly string[] Weights = [".pt", ".pth", ".torch", ".ts"];

    /// <summary>Reads the archive, or the module itself where it stands alone.</summary>
    /// <exception cref="TorchServeException">What is wrong, in TorchServe's words.</exception>
    public async Task<ModelDefinition> ReadAsync(RegisterRequest request, CancellationToken cancellation)
    {
        var url = request.Url ?? throw TorchServeException.BadRequest("Parameter url is required.");
        if (request.Runtime is not (null or "python" or "python3" or "LSP"))
            throw TorchServeException.BadRequest($"Invalid model runtime type: {request.Runtime}");
        using var archive = await fetcher.FetchAsync(url, request.Sha256, cancellation);
        try
        {
            var definition = await Task.Run(() => Read(archive, request, url), cancellation);
            return Complete(definition, request);
        }
        catch (Exception exception)
        {
            if (archive.IsDownloaded)
                File.Delete(archive.Path);
            if (exception is ServingException { Error: not ServingError.Internal } refused)
                throw new TorchServeException(StatusCodes.Status400BadRequest, "InvalidModelException", refused.Message);
            throw;
        }
    }

    /// <summary>Deletes a download that is no longer needed.</summary>
    public void Discard(ModelDefinition definition) => fetcher.Remove(definition);

    private ModelDefinition Read(FetchedArchive file, RegisterRequest request, string url)
    {
        var overrides = Overrides(request, url) with { Trusted = file.IsTrusted };
        if (!Directory.Exists(file.Path) && Weights.Any(ending => url.EndsWith(ending, StringComparison.OrdinalIgnoreCase)))
            return Describe(file, request, overrides);
        using var archive = ModelArchive.Open(file.Path, url);
        var configured = ModelSettings.Find(options.Value.ModelSettings, request.ModelName ?? archive.Manifest.ModelName ?? "", archive.Manifest.ModelVersion ?? DefaultVersion);
        var description = ArchiveDefinitions.Describe(archive, file.Source, overrides, configured);
        foreach (var warning in description.Warnings)
            LogWarning(description.Definition.Key, warning);
        var settings = description.Settings;
        var workers = settings.MinWorkers is > 0 and var least ? least : request.InitialWorkers ?? options.Value.DefaultWorkersPerModel;
        return description.Definition with { Instances = Math.Max(0, workers) };
    }

    // TorchServe packs every module into an archive first; here that is not needed.
    private ModelDefinition Describe(FetchedArchive file, RegisterRequest request, ArchiveOverrides overrides)
    {
        var definition = new ModelDefinition
        {
            Name = request.ModelName ?? Path.GetFileNameWithoutExtension(url(request)),
            Version = DefaultVersion,
            Source = file.Source,
            Sha256 = request.Sha256?.ToLowerInvariant(),
            Device = "auto",
            Instances = Math.Max(0, request.InitialWorkers ?? options.Value.DefaultWorkersPerModel),
            Batching = request.BatchSize is > 1 ? new BatchingOptions { MaxBatchSize = request.BatchSize.Value, MaxQueueDelay = overrides.MaxBatchDelay ?? TimeSpan.FromMilliseconds(100) } : new BatchingOptions(),
            Handlers = request.Handler switch { null or "" => [], "base_handler" => [new HandlerSpec(HandlerNames.TorchServeBase)], var name => [new HandlerSpec(name)] },
            Trusted = file.IsTrusted,
            Annotations = new Dictionary<string, string> { [ArchiveAnnotations.Url] = overrides.Url! },
        };
        ModelDefinitionValidator.ThrowIfInvalid(definition);
        return definition;

        static string url(RegisterRequest request) => request.Url!.Split(':')[^1];
    }

    private static ArchiveOverrides Overrides(RegisterRequest request, string url) => new()
    {
        Name = request.ModelName,
        Url = url,
        Handler = request.Handler,
        BatchSize = request.BatchSize > 0 ? request.BatchSize : null,
        MaxBatchDelay = request.MaxBatchDelay >= 0 ? TimeSpan.FromMilliseconds(request.MaxBatchDelay.Value) : null,
        ResponseTimeout = request.ResponseTimeout is { } response ? TimeSpan.FromSeconds(response) : null,
        StartupTimeout = request.StartupTimeout is { } startup ? TimeSpan.FromSeconds(startup) : null,
        Sha256 = request.Sha256?.ToLowerInvariant(),
    };

    private ModelDefinition Complete(ModelDefinition definition, RegisterRequest request)
    {
        var annotations = new Dictionary<string, string>(definition.Annotations);
        if (request.AtStartup)
            annotations[TorchServeAnnotations.AtStartup] = "true";
        if (request.Runtime is { } runtime)
            annotations[ArchiveAnnotations.Runtime] = runtime;
        return definition with
        {
            // Workers stay, as in TorchServe; who wants memory back scales down.
            IdleTimeout = Timeout.InfiniteTimeSpan,
            MaxQueueSize = annotations.ContainsKey(ArchiveAnnotations.JobQueueSize) ? definition.MaxQueueSize : options.Value.JobQueueSize,
            Annotations = annotations,
        };
    }

    [LoggerMessage(LogLevel.Warning, "{Key}: {Warning}")]
    private partial void LogWarning(ModelKey key, string warning);
}
