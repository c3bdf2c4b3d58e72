using System.Globalization;

namespace Granary.Serving.Embeddings.Configuration;

/// <summary>
/// What of <c>global_config.yaml</c> concerns inference, in the words of every generation: <c>common_config.infer_config</c>,
/// <c>PersiaInferConfig</c>, <c>job_type: {Infer: …}</c>, <c>embedding_checkpoint</c> and <c>initial_sparse_checkpoint</c>.
/// Source: PersiaML/PERSIA, <c>rust/persia-embedding-config/src/lib.rs</c>, and its documentation of 2021.
/// </summary>
public sealed record GlobalConfig
{
    private static readonly string[] Sections = ["embedding_parameter_server_config", "shard_server_config"];

    /// <summary><c>host:port</c> of embedding servers elsewhere; empty to keep the tables here. Default empty.</summary>
    public IReadOnlyList<string> Servers { get; init; } = [];

    /// <summary>Directory of the sparse checkpoint to load at start; null for none.</summary>
    public string? Checkpoint { get; init; }

    /// <summary>Most entries of each server, the least recently trained go first. Default a thousand million.</summary>
    public long Capacity { get; init; } = 1_000_000_000;

    /// <summary>Where packets of incremental updates come. Default <c>/workspace/incremental_dir/</c>, as Persia has it.</summary>
    public string IncrementalDirectory { get; init; } = "/workspace/incremental_dir/";

    /// <summary>Keys that have no meaning here, a sentence each.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>Reads the file.</summary>
    /// <param name="yaml">Its text.</param>
    /// <param name="file">What messages call it.</param>
    /// <exception cref="ServingException"><see cref="ServingError.InvalidArgument"/>: what is wrong, and where.</exception>
    public static GlobalConfig Parse(string yaml, string file)
    {
        var warnings = new List<string>();
        var root = YamlNodes.Parse(yaml, file, warnings);
        var config = new GlobalConfig();
        if (root.Mapping("PersiaInferConfig") is { } seed)
            config = ReadInference(config, seed);
        if (root.Mapping("common_config") is { } common)
            config = ReadCommon(config, common, warnings);
        if (root.Mapping(Sections) is { } server)
            config = ReadServer(config, server, warnings, file);
        // What trains, or moves gradients.
        root.Accept("embedding_worker_config", "middleware_config");
        root.WarnOfUnknown();
        return config with { Warnings = warnings };
    }

    private static GlobalConfig ReadCommon(GlobalConfig config, YamlNodes common, List<string> warnings)
    {
        common.Accept("metrics_config", "checkpointing_config");
        if (common.Mapping("infer_config") is { } inference)
            config = ReadInference(config, inference);
        foreach (var (key, value) in common.Entries.Where(static entry => entry.Key == "job_type"))
        {
            if (value is not YamlDotNet.RepresentationModel.YamlMappingNode)
            {
                if (common.Text(key) is not "Infer" and { } job)
                    warnings.Add(string.Create(CultureInfo.InvariantCulture, $"job_type is {job}; this service only infers"));
            }
            else if (common.Of(key, value).Mapping("Infer") is { } early)
            {
                config = ReadInference(config, early);
            }
        }

        // The tutorial has them right here.
        var servers = common.Texts("servers");
        config = config with
        {
            Servers = servers.Count > 0 ? servers : config.Servers,
            Checkpoint = common.Text("embedding_checkpoint", "initial_sparse_checkpoint") ?? config.Checkpoint,
        };
        common.WarnOfUnknown();
        return config;
    }

    private static GlobalConfig ReadInference(GlobalConfig config, YamlNodes node)
    {
        var servers = node.Texts("servers");
        config = config with
        {
            Servers = servers.Count > 0 ? servers : config.Servers,
            Checkpoint = node.Text("embedding_checkpoint", "initial_sparse_checkpoint") ?? config.Checkpoint,
        };
        node.WarnOfUnknown();
        return config;
    }

    private static GlobalConfig ReadServer(GlobalConfig config, YamlNodes node, List<string> warnings, string file)
    {
        node.Accept("num_hashmap_internal_shards", "enable_incremental_update", "incremental_buffer_size", "incremental_channel_capacity", "full_amount_manager_buffer_size", "num_persistence_workers", "num_signs_per_file");
        config = config with
        {
            Capacity = node.Number("capacity", 1) ?? config.Capacity,
            IncrementalDirectory = node.Text("incremental_dir") ?? config.IncrementalDirectory,
        };
        if (node.Text("storage", "storage_backend") is { } storage && !storage.Equals("ceph", StringComparison.OrdinalIgnoreCase) && !storage.Equals("disk", StringComparison.OrdinalIgnoreCase))
            warnings.Add($"{file}: storage is {storage}; files are read from mounted directories only");
        node.WarnOfUnknown();
        return config;
    }
}
