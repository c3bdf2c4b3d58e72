namespace Granary.Serving.Formats.Triton.Config;

/// <summary>Triton's rules for ensembles: every step is named, every tensor is written once, reachable and used.</summary>
internal static class ModelEnsembleRules
{
    public static void Check(ModelConfig config, List<string> faults)
    {
        var name = config.Name;
        if (config.Platform != ModelConfigNormalizer.EnsemblePlatform)
            faults.Add($"ensemble scheduling cannot be set for model '{name}' whose platform is not ensemble");
        if (config.InstanceGroup.Count > 0)
            faults.Add($"instance group should not be specified for ensemble '{name}'");
        if (config.Optimization is not null)
            faults.Add($"optimization should not be specified for ensemble '{name}'");
        if (config.ModelWarmup.Count > 0)
            faults.Add($"model_warmup can not be specified for ensemble '{name}'");
        var steps = config.EnsembleScheduling!.Step;
        if (steps.Count == 0)
            faults.Add($"must specify 'step' for ensemble '{name}'");
        var before = faults.Count;
        for (var i = 0; i < steps.Count; i++)
            CheckStep(name, i, steps[i], faults);
        if (faults.Count == before && steps.Count > 0)
            CheckFlow(config, steps, faults);
    }

    private static void CheckStep(string ensemble, int index, EnsembleStep step, List<string> faults)
    {
        if (step.ModelName.Length == 0)
            faults.Add($"must specify 'model_name' in step {index} of ensemble '{ensemble}'");
        if (step.InputMap.Count == 0)
            faults.Add($"must specify 'input_map' in step {index} of ensemble '{ensemble}'");
        if (step.OutputMap.Count == 0)
            faults.Add($"must specify 'output_map' in step {index} of ensemble '{ensemble}'");
    }

    private static void CheckFlow(ModelConfig config, IReadOnlyList<EnsembleStep> steps, List<string> faults)
    {
        var written = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < steps.Count; i++)
        {
            foreach (var tensor in steps[i].OutputMap.Values.Where(tensor => !written.Add(tensor)))
                faults.Add($"ensemble tensor '{tensor}' can appear in an output map only once for ensemble '{config.Name}' step {i}");
        }

        var read = steps.SelectMany(static step => step.InputMap.Values).ToHashSet(StringComparer.Ordinal);
        foreach (var input in config.Input.Where(input => !read.Contains(input.Name) && !written.Contains(input.Name)))
            faults.Add($"ensemble input '{input.Name}' for ensemble {config.Name} is not used");
        var ready = Reachable(config, steps);
        var outputs = config.Output.Select(static output => output.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var output in outputs)
        {
            if (!read.Contains(output) && !written.Contains(output))
                faults.Add($"ensemble output '{output}' for ensemble {config.Name} is not used");
            else if (!ready.Contains(output))
                faults.Add($"output '{output}' for ensemble '{config.Name}' is not written{Missing(output, steps, ready)}");
        }

        // Sorted, so that the same configuration always has the same faults.
        foreach (var tensor in read.Union(written).Except(outputs).Where(tensor => !ready.Contains(tensor) || !read.Contains(tensor)).Order(StringComparer.Ordinal))
            faults.Add($"ensemble tensor '{tensor}' is unused in ensemble '{config.Name}'");
    }

    private static HashSet<string> Reachable(ModelConfig config, IReadOnlyList<EnsembleStep> steps)
    {
        var ready = config.Input.Select(static input => input.Name).ToHashSet(StringComparer.Ordinal);
        bool grew;
        do
        {
            grew = false;
            foreach (var step in steps.Where(step => step.InputMap.Values.All(ready.Contains)))
                grew |= step.OutputMap.Values.Aggregate(false, (any, tensor) => ready.Add(tensor) | any);
        }
        while (grew);
        return ready;
    }

    /// <summary>The first tensor upstream that nothing writes.</summary>
    private static string Missing(string output, IReadOnlyList<EnsembleStep> steps, HashSet<string> ready)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal) { output };
        var last = output;
        while (steps.FirstOrDefault(step => step.OutputMap.Values.Contains(last)) is { } writer
            && writer.InputMap.Values.FirstOrDefault(tensor => !ready.Contains(tensor) && seen.Add(tensor)) is { } next)
        {
            last = next;
        }

        return last == output ? "" : $": at least one of its depending tensors, '{last}', is not connected";
    }
}
