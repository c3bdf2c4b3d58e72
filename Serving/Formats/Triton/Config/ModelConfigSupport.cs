using System.Globalization;
using Granary.Torch;

namespace Granary.Serving.Formats.Triton.Config;

/// <summary>
/// What Triton serves and this server does not. What would change answers is refused; what only tunes Triton's own machinery is
/// ignored with a warning that names it.
/// </summary>
public static class ModelConfigSupport
{
    private const string IntraOpParameter = "INTRA_OP_THREAD_COUNT";

    /// <summary>What of a configuration has no effect here, one sentence each.</summary>
    public static IReadOnlyList<string> Ignored(ModelConfig config)
    {
        var warnings = new List<string>();
        void Warn(bool wanted, string what) { if (wanted) warnings.Add($"model '{config.Name}': {what}"); }
        Warn(config.Optimization is { } tuning && HasTuning(tuning), "'optimization' is ignored: it tunes other backends and GPU memory");
        Warn(config.CcModelFilenames.Count > 0, "'cc_model_filenames' is ignored: one file serves every GPU");
        Warn(config.ModelOperations is { OpLibraryFilename.Count: > 0 }, "'model_operations' is ignored: libraries of custom operators are not loaded");
        Warn(config.ModelMetrics is not null, "'model_metrics' is ignored: the buckets of histograms are fixed");
        Warn(config.EnsembleScheduling is not null && config.ResponseCache is { Enable: true }, "'response_cache' of an ensemble is ignored: enable it for its models");
        Warn(config.Runtime.Length > 0, "'runtime' is ignored: there is one backend");
        Warn(config.Input.Any(static input => input.AllowRaggedBatch),
            "'allow_ragged_batch' is ignored: requests of different shape run in batches of their own");
        Warn(config.InstanceGroup.Any(static group => group.RateLimiter is not null), "'rate_limiter' is ignored: instances take requests as they come");
        Warn(config.InstanceGroup.Any(static group => group.HostPolicy.Length > 0), "'host_policy' is ignored");
        Warn(config.InstanceGroup.Any(static group => group.Passive), "'passive' instances are not made");
        Warn(DistinctDevices(config) > 1, "its instance groups name several devices; they share the first one here, and a cluster spreads them over silos");
        foreach (var (key, parameter) in config.Parameters.OrderBy(static pair => pair.Key, StringComparer.Ordinal))
            Warn(ParameterWarning(key, parameter.StringValue) is not null, ParameterWarning(key, parameter.StringValue) ?? "");
        return warnings;
    }

    /// <summary>Threads inside one operator that a configuration asks for; 0 when it does not, or asks for none. Null when it is no number.</summary>
    public static int? IntraOpThreads(ModelConfig config)
    {
        if (!config.Parameters.TryGetValue(IntraOpParameter, out var parameter))
            return 0;
        return int.TryParse(parameter.StringValue, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var threads) ? Math.Max(0, threads) : null;
    }

    internal static void Refuse(ModelConfig config, List<string> faults)
    {
        void Add(bool refused, string what) { if (refused) faults.Add($"model '{config.Name}' {what}"); }
        Add(config.EnsembleScheduling is null && config.Backend != ModelConfigNormalizer.PyTorchBackend,
            $"has {(config.Platform.Length > 0 ? $"platform '{config.Platform}'" : $"backend '{config.Backend}'")}; this server runs TorchScript (platform \"{ModelConfigNormalizer.LibTorchPlatform}\")");
        Add(config.SequenceBatching is not null, "has sequence_batching, which this server does not run: every request stands alone; take it out to serve the model without");
        Add(config.ModelTransactionPolicy is { Decoupled: true }, "has a decoupled transaction policy, but a TorchScript model answers every request once; take it out");
        Add(config.BatchInput.Count > 0, "has batch_input, which this server does not make; take it out or make the tensor a regular input");
        Add(config.BatchOutput.Count > 0, "has batch_output, which this server does not split; take it out or make the tensor a regular output");
        Add(config.ModelRepositoryAgents is { Agents.Count: > 0 }, "has model_repository_agents, which this server does not run; put the prepared files in the repository");
        Add(config.InstanceGroup.Any(static group => group.SecondaryDevices.Count > 0), "names secondary_devices, which this server does not use; take them out");
        Add(IntraOpThreads(config) is null or > ModuleOptions.MaxIntraOpThreads,
            $"has parameter '{IntraOpParameter}' with '{config.Parameters.GetValueOrDefault(IntraOpParameter)?.StringValue}'; expected a whole number of threads, at most {ModuleOptions.MaxIntraOpThreads:N0}");
        Add(config.DynamicBatching is not null && config.MaxBatchSize == 0 && config.DynamicBatching.PreferredBatchSize.Count > 0,
            "has preferred batch sizes without a max_batch_size");
    }

    private static bool HasTuning(ModelOptimizationPolicy policy) => policy.Graph is not null || policy.Cuda is not null
        || policy.ExecutionAccelerators is not null || policy.Priority != OptimizationPriority.Default || policy.EagerBatching
        || policy.GatherKernelBufferThreshold > 0 || policy.InputPinnedMemory is { Enable: false } || policy.OutputPinnedMemory is { Enable: false };

    private static int DistinctDevices(ModelConfig config) => config.InstanceGroup
        .SelectMany(static group => group.Kind != InstanceKind.Gpu ? [-1] : group.Gpus.Count == 0 ? [0] : group.Gpus)
        .Distinct().Count();

    private static string? ParameterWarning(string key, string value) => key switch
    {
        "INFERENCE_MODE" => value.Equals("false", StringComparison.OrdinalIgnoreCase)
            ? "parameter 'INFERENCE_MODE' is ignored: models always run in inference mode" : null,
        "DISABLE_OPTIMIZED_EXECUTION" or "ENABLE_JIT_EXECUTOR" or "ENABLE_JIT_PROFILING" or "ENABLE_TENSOR_FUSER" =>
            $"parameter '{key}' is ignored: modules run frozen, without the profiling executor",
        "ENABLE_WEIGHT_SHARING" => value.Equals("false", StringComparison.OrdinalIgnoreCase)
            ? "parameter 'ENABLE_WEIGHT_SHARING' is ignored: instances always share one copy of the weights" : null,
        "ENABLE_CACHE_CLEANING" or "DISABLE_CUDNN" => $"parameter '{key}' is ignored",
        "INTER_OP_THREAD_COUNT" => "parameter 'INTER_OP_THREAD_COUNT' is ignored: what a model forks shares one thread of the process; more instances run more requests at once",
        _ => null,
    };
}
