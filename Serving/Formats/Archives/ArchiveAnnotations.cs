using System.Globalization;

namespace Granary.Serving.Formats.Archives;

/// <summary>What the definition of an archive keeps for TorchServe's <c>describe</c>. Times are whole seconds unless the name says otherwise.</summary>
public static class ArchiveAnnotations
{
    /// <summary>What every name begins with. Keys of <c>model-config.yaml</c> that have no own name here are kept as they are.</summary>
    public const string Prefix = "torchserve.";

    /// <summary>What the archive was called when it was registered.</summary>
    public const string Url = Prefix + "url";

    /// <summary>The handler as the manifest or the caller named it.</summary>
    public const string Handler = Prefix + "handler";

    /// <summary>Default 1.</summary>
    public const string BatchSize = Prefix + "batchSize";

    /// <summary>Milliseconds; default 100.</summary>
    public const string MaxBatchDelay = Prefix + "maxBatchDelay";

    /// <summary>Absent when nobody said.</summary>
    public const string MinWorkers = Prefix + "minWorkers";

    /// <summary>Absent when nobody said.</summary>
    public const string MaxWorkers = Prefix + "maxWorkers";

    /// <summary>Default 120.</summary>
    public const string ResponseTimeout = Prefix + "responseTimeout";

    /// <summary>Default 120.</summary>
    public const string StartupTimeout = Prefix + "startupTimeout";

    /// <summary>Milliseconds; default 0.</summary>
    public const string ClientTimeout = Prefix + "clientTimeoutInMills";

    /// <summary>Absent when nobody said.</summary>
    public const string JobQueueSize = Prefix + "jobQueueSize";

    /// <summary>Absent when nobody said.</summary>
    public const string DeviceType = Prefix + "deviceType";

    /// <summary>Numbers with commas; absent when nobody said.</summary>
    public const string DeviceIds = Prefix + "deviceIds";

    /// <summary><c>python</c>, <c>python3</c> or <c>LSP</c>.</summary>
    public const string Runtime = Prefix + "runtime";

    /// <summary>Of the manifest.</summary>
    public const string CreatedOn = Prefix + "createdOn";

    /// <summary>Of the manifest.</summary>
    public const string ArchiverVersion = Prefix + "archiverVersion";

    /// <summary>Everything that the settings and the manifest say.</summary>
    internal static Dictionary<string, string> Describe(ArchiveManifest manifest, ArchiveOverrides settings)
    {
        var annotations = new Dictionary<string, string>(StringComparer.Ordinal);
        Add(annotations, Url, settings.Url);
        Add(annotations, Handler, settings.Handler);
        Add(annotations, BatchSize, settings.BatchSize);
        Add(annotations, MaxBatchDelay, (long?)settings.MaxBatchDelay?.TotalMilliseconds);
        Add(annotations, MinWorkers, settings.MinWorkers);
        Add(annotations, MaxWorkers, settings.MaxWorkers);
        Add(annotations, ResponseTimeout, (long?)settings.ResponseTimeout?.TotalSeconds);
        Add(annotations, StartupTimeout, (long?)settings.StartupTimeout?.TotalSeconds);
        Add(annotations, ClientTimeout, (long?)settings.ClientTimeout?.TotalMilliseconds);
        Add(annotations, JobQueueSize, settings.JobQueueSize);
        Add(annotations, DeviceType, settings.DeviceType);
        Add(annotations, DeviceIds, settings.DeviceIds is { } ids ? string.Join(',', ids) : null);
        Add(annotations, Runtime, manifest.Runtime);
        Add(annotations, CreatedOn, manifest.CreatedOn);
        Add(annotations, ArchiverVersion, manifest.ArchiverVersion);
        return annotations;
    }

    private static void Add(Dictionary<string, string> annotations, string name, string? value)
    {
        if (value is not null)
            annotations[name] = value;
    }

    private static void Add(Dictionary<string, string> annotations, string name, long? value) => Add(annotations, name, value?.ToString(CultureInfo.InvariantCulture));
}
