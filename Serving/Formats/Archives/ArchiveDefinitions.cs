using System.Globalization;
using Granary.Serving.Handlers;
using Granary.Serving.Models;

namespace Granary.Serving.Formats.Archives;

/// <summary>Turns an archive into what the catalog keeps.</summary>
public static class ArchiveDefinitions
{
    private static readonly ArchiveOverrides Defaults = new()
    {
        BatchSize = 1,
        MaxBatchDelay = TimeSpan.FromMilliseconds(100),
        ResponseTimeout = TimeSpan.FromSeconds(120),
        StartupTimeout = TimeSpan.FromSeconds(120),
    };

    private static readonly TimeSpan LongestDelay = TimeSpan.FromMinutes(1);

    /// <summary>The definition of an archive. Of what is said twice the management call counts before <c>model-config.yaml</c>, and that before <c>config.properties</c>.</summary>
    /// <param name="archive">Opened and so checked.</param>
    /// <param name="source">Where it is, as the weights store will fetch it.</param>
    /// <param name="overrides">What the management call says.</param>
    /// <param name="configured">What <c>config.properties</c> says of it; null for nothing.</param>
    /// <exception cref="ServingException"><see cref="ServingError.Unsupported"/>: it needs Python, or what it holds is not served;
    /// <see cref="ServingError.InvalidArgument"/>: something in it is malformed, such as its name or version.</exception>
    public static ArchiveDescription Describe(ModelArchive archive, ModelId source, ArchiveOverrides overrides, ArchiveOverrides? configured = null)
    {
        var warnings = new List<string>();
        var manifest = archive.Manifest;
        var fromYaml = ModelConfigYaml.Read(archive, warnings);
        var settings = overrides.Over(fromYaml).Over(configured ?? new ArchiveOverrides()).Over(Defaults);
        settings = settings with { Handler = settings.Handler ?? manifest.Handler, Url = settings.Url ?? source.ToString() };
        var handlers = ArchiveHandlers.Resolve(settings.Handler, archive);
        var definition = new ModelDefinition
        {
            Name = settings.Name ?? manifest.ModelName,
            Version = settings.Version ?? manifest.ModelVersion,
            Source = SourceOf(archive, source),
            Sha256 = archive.IsDirectory ? null : settings.Sha256,
            Inputs = settings.Inputs ?? [],
            Device = Device(settings, warnings),
            Instances = settings.MinWorkers ?? 0,
            Batching = Batching(settings, handlers, warnings),
            Handlers = handlers,
            Trusted = settings.Trusted,
            Description = manifest.Description,
            Annotations = ArchiveAnnotations.Describe(manifest, settings),
        };
        if (settings.JobQueueSize is > 0 and var size)
            definition = definition with { MaxQueueSize = size };
        if (manifest.RequirementsFile is { } requirements)
            warnings.Add($"{ModelIdText.Quote(requirements)} of '{archive.Source}' is not looked at: no Python package is installed or needed here");
        if (manifest.Envelope is { Length: > 0 } envelope)
            warnings.Add($"the envelope {ModelIdText.Quote(envelope)} of '{archive.Source}' is not looked at");
        ModelDefinitionValidator.ThrowIfInvalid(definition);
        return new ArchiveDescription(definition, settings, warnings);
    }

    /// <summary>Checks the weights first: an archive that can never be served is better refused when it is registered.</summary>
    private static ModelId SourceOf(ModelArchive archive, ModelId source)
    {
        var file = SerializedFiles.Find(archive);
        if (!archive.IsDirectory)
            return source;
        var folder = source.File is null ? archive.Inner : $"{source.File}/{archive.Inner}";
        return source with { File = folder + file };
    }

    private static BatchingOptions Batching(ArchiveOverrides settings, IReadOnlyList<HandlerSpec> handlers, List<string> warnings)
    {
        var queue = settings.ClientTimeout > TimeSpan.Zero ? new QueuePolicy { Timeout = settings.ClientTimeout.Value } : new QueuePolicy();
        if (settings.BatchSize is not > 1)
            return new BatchingOptions { Queue = queue };
        if (handlers[0].Name is HandlerNames.ObjectDetector or HandlerNames.TextClassifier)
        {
            warnings.Add($"batchSize is {settings.BatchSize}, but requests of handler '{handlers[0].Name}' are never joined: each runs alone");
            return new BatchingOptions { Queue = queue };
        }

        var delay = settings.MaxBatchDelay ?? TimeSpan.Zero;
        if (delay > LongestDelay)
        {
            warnings.Add(string.Create(CultureInfo.InvariantCulture, $"maxBatchDelay is {delay.TotalMilliseconds:F0} ms; {LongestDelay.TotalMilliseconds:F0} is used, which is the most"));
            delay = LongestDelay;
        }

        return new BatchingOptions { MaxBatchSize = settings.BatchSize.Value, MaxQueueDelay = delay, Queue = queue };
    }

    private static string Device(ArchiveOverrides settings, List<string> warnings)
    {
        switch (settings.DeviceType)
        {
            case "cpu":
                return "cpu";
            case null or "gpu" or "cuda":
                if (settings.DeviceIds is { Count: > 1 })
                    warnings.Add($"deviceIds are {string.Join(',', settings.DeviceIds)}; one copy of the model is served, on the first");
                return settings.DeviceIds is [var first, ..] && settings.DeviceType is not null ? string.Create(CultureInfo.InvariantCulture, $"cuda:{first}") : "auto";
            default:
                warnings.Add($"deviceType {ModelIdText.Quote(settings.DeviceType)} is not known here; a GPU is used if there is one, else the CPU");
                return "auto";
        }
    }
}
