namespace Granary.Serving.Formats.Triton.Config;

/// <summary>What normalisation must know of the host.</summary>
/// <param name="Cores">Calls that a model without an instance group runs at once.</param>
/// <param name="Gpus">Usable GPUs.</param>
public readonly record struct HostCapacity(int Cores, int Gpus);

/// <summary>
/// Fills in what a configuration leaves out, as Triton does (core/src/model_config_utils.cc). One difference: without an instance group
/// Triton runs one instance; here all share one copy of the weights, so there are as many as cores.
/// </summary>
public static class ModelConfigNormalizer
{
    /// <summary>Platform of TorchScript models.</summary>
    public const string LibTorchPlatform = "pytorch_libtorch";

    /// <summary>Platform of ensembles.</summary>
    public const string EnsemblePlatform = "ensemble";

    /// <summary>Backend of TorchScript models.</summary>
    public const string PyTorchBackend = "pytorch";

    /// <summary>The file of a version when nothing names another.</summary>
    public const string DefaultFile = "model.pt";

    private const string OtherLibTorchPlatform = "libtorch";
    private const ulong SequenceIdleMicroseconds = 1_000_000;

    /// <summary>The configuration with every default filled in.</summary>
    /// <param name="config">As read; its name is filled in already.</param>
    /// <param name="hasTorchScriptFile">Whether a version holds the default file: what names no platform is TorchScript then.</param>
    /// <param name="host">Where it will run.</param>
    public static ModelConfig Normalize(ModelConfig config, bool hasTorchScriptFile, HostCapacity host)
    {
        var result = WithBackend(config, hasTorchScriptFile);
        result = result with { VersionPolicy = WithPolicy(result.VersionPolicy) };
        if (result.DynamicBatching is { PreferredBatchSize.Count: 0 } batching && result.MaxBatchSize > 0)
            result = result with { DynamicBatching = batching with { PreferredBatchSize = [result.MaxBatchSize] } };
        if (result.SequenceBatching is { } sequences)
            result = result with { SequenceBatching = Normalize(sequences, result.MaxBatchSize) };
        if (result.EnsembleScheduling is not null)
            return result;
        var optimization = result.Optimization ?? new ModelOptimizationPolicy();
        return result with
        {
            Optimization = optimization with
            {
                InputPinnedMemory = optimization.InputPinnedMemory ?? new PinnedMemoryBuffer { Enable = true },
                OutputPinnedMemory = optimization.OutputPinnedMemory ?? new PinnedMemoryBuffer { Enable = true },
            },
            InstanceGroup = WithInstances(result, host),
        };
    }

    private static ModelConfig WithBackend(ModelConfig config, bool hasTorchScriptFile)
    {
        if (config.Platform == EnsemblePlatform)
            return config;
        var named = config.Platform is LibTorchPlatform or OtherLibTorchPlatform || config.Backend == PyTorchBackend;
        var inferred = config.Platform.Length == 0 && config.Backend.Length == 0
            && (hasTorchScriptFile || config.DefaultModelFilename == DefaultFile);
        if (!named && !inferred)
            return config;
        return config with
        {
            Platform = config.Platform.Length == 0 || config.Platform == OtherLibTorchPlatform ? LibTorchPlatform : config.Platform,
            Backend = config.Backend.Length == 0 ? PyTorchBackend : config.Backend,
            DefaultModelFilename = config.DefaultModelFilename.Length == 0 ? DefaultFile : config.DefaultModelFilename,
        };
    }

    private static ModelVersionPolicy WithPolicy(ModelVersionPolicy? policy) =>
        policy is null or { Latest: null, All: null, Specific: null } ? new ModelVersionPolicy { Latest = new LatestVersions { NumVersions = 1 } } : policy;

    private static ModelSequenceBatching Normalize(ModelSequenceBatching sequences, int maxBatchSize) => sequences with
    {
        MaxSequenceIdleMicroseconds = sequences.MaxSequenceIdleMicroseconds == 0 ? SequenceIdleMicroseconds : sequences.MaxSequenceIdleMicroseconds,
        Oldest = sequences.Oldest is { PreferredBatchSize.Count: 0 } oldest && maxBatchSize > 0
            ? oldest with { PreferredBatchSize = [maxBatchSize] }
            : sequences.Oldest,
    };

    private static IReadOnlyList<ModelInstanceGroup> WithInstances(ModelConfig config, HostCapacity host)
    {
        if (config.InstanceGroup.Count == 0)
            return [new ModelInstanceGroup { Name = config.Name, Kind = host.Gpus > 0 ? InstanceKind.Gpu : InstanceKind.Cpu, Count = host.Cores, Gpus = AllGpus(host.Gpus) }];
        return [.. config.InstanceGroup.Select((group, index) => Normalize(group, $"{config.Name}_{index}", host.Gpus))];
    }

    private static ModelInstanceGroup Normalize(ModelInstanceGroup group, string name, int gpus)
    {
        var kind = group.Kind != InstanceKind.Auto ? group.Kind
            : gpus == 0 || group.Gpus.Any(gpu => gpu < 0 || gpu >= gpus) ? InstanceKind.Cpu : InstanceKind.Gpu;
        // Triton keeps the list of an AUTO group that became CPU and then finds fault with it.
        IReadOnlyList<int> listed = group.Kind == InstanceKind.Auto && kind == InstanceKind.Cpu ? [] : group.Gpus;
        return group with
        {
            Name = group.Name.Length == 0 ? name : group.Name,
            Kind = kind,
            Count = Math.Max(group.Count, 1),
            Gpus = kind == InstanceKind.Gpu && listed.Count == 0 ? AllGpus(gpus) : listed,
        };
    }

    private static int[] AllGpus(int gpus) => [.. Enumerable.Range(0, gpus)];
}
