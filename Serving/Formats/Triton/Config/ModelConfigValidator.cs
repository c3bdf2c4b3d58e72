namespace Granary.Serving.Formats.Triton.Config;

/// <summary>
/// Triton's rules for a normalised configuration, in its words (core/src/model_config_utils.cc), all faults at once; then what Triton
/// serves and this server does not, with what to do instead.
/// </summary>
public static class ModelConfigValidator
{
    /// <summary>Every fault; empty when the configuration can be served.</summary>
    public static IReadOnlyList<string> Validate(ModelConfig config)
    {
        var faults = new List<string>();
        CheckPlatform(config, faults);
        if (config.MaxBatchSize < 0)
            faults.Add($"'max_batch_size' must be non-negative value for {config.Name}");
        ModelTensorRules.Check(config, faults);
        ModelSchedulingRules.Check(config, faults);
        if (config.EnsembleScheduling is not null)
            ModelEnsembleRules.Check(config, faults);
        else
            CheckInstances(config, faults);
        if (config.ModelTransactionPolicy is { Decoupled: true } && config.ResponseCache is { Enable: true })
        {
            faults.Add($"Response Cache does not currently support model {config.Name} with 'decoupled' transaction policy. "
                + "Please disable the response cache.");
        }

        CheckMetrics(config.ModelMetrics, faults);
        // What cannot be read right needs no advice on what cannot be served.
        if (faults.Count == 0)
            ModelConfigSupport.Refuse(config, faults);
        return faults;
    }

    private static void CheckPlatform(ModelConfig config, List<string> faults)
    {
        var name = config.Name;
        if (name.Length == 0)
            faults.Add("model configuration must specify 'name'");
        if (config.Platform == ModelConfigNormalizer.EnsemblePlatform)
        {
            if (config.Backend.Length > 0)
                faults.Add($"Ensemble model '{name}' must have platform type '{config.Platform}' and empty backend type");
            if (config.EnsembleScheduling is null)
                faults.Add($"ensemble scheduling must be set for ensemble {name} whose platform is ensemble");
        }
        else if (config.Platform.Length == 0 && config.Backend.Length == 0)
        {
            faults.Add($"must specify 'platform' or 'backend' for '{name}'");
        }
        else if (config.Backend == ModelConfigNormalizer.PyTorchBackend && config.Platform != ModelConfigNormalizer.LibTorchPlatform)
        {
            faults.Add($"unexpected 'platform' and 'backend' pair, got:{config.Platform}, {config.Backend}");
        }
        else if (config.Platform == ModelConfigNormalizer.LibTorchPlatform && config.Backend != ModelConfigNormalizer.PyTorchBackend)
        {
            faults.Add($"unexpected 'platform' and 'backend' pair, got:{config.Platform}, {config.Backend}");
        }
    }

    private static void CheckInstances(ModelConfig config, List<string> faults)
    {
        foreach (var group in config.InstanceGroup)
        {
            var who = $"instance group {group.Name} of model {config.Name}";
            if (group.Kind is InstanceKind.Cpu or InstanceKind.Model && group.Gpus.Count > 0)
                faults.Add($"{who} has kind {(group.Kind == InstanceKind.Cpu ? "KIND_CPU" : "KIND_MODEL")} but specifies one or more GPUs");
            if (group.Gpus.Any(static gpu => gpu is < 0 or > 99))
                faults.Add($"{who} specifies invalid or unsupported gpu id {group.Gpus.First(static gpu => gpu is < 0 or > 99)}");
            if (group.Profile.Count > 0)
                faults.Add($"{who} and platform {config.Platform} specifies profile field which is only supported for TensorRT models");
        }
    }

    private static void CheckMetrics(ModelMetrics? metrics, List<string> faults)
    {
        foreach (var control in metrics?.MetricControl ?? [])
        {
            if (control.MetricIdentifier is not { Family.Length: > 0 } identifier)
                faults.Add("model metrics must specify 'metric_identifier' with a 'family'");
            else if (control.HistogramOptions is { Buckets.Count: 0 } or null)
                faults.Add($"model metrics must specify 'histogram_options' with 'buckets' for '{identifier.Family}'");
        }
    }
}
