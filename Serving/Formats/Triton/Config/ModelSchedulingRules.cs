namespace Granary.Serving.Formats.Triton.Config;

/// <summary>Triton's rules for dynamic and sequence batching.</summary>
internal static class ModelSchedulingRules
{
    public static void Check(ModelConfig config, List<string> faults)
    {
        if (config.DynamicBatching is { } dynamic)
            CheckDynamic(config, dynamic, faults);
        if (config.SequenceBatching is { } sequences)
            CheckSequences(config, sequences, faults);
    }

    private static void CheckDynamic(ModelConfig config, ModelDynamicBatching batching, List<string> faults)
    {
        if (batching.PreferredBatchSize.Any(static size => size <= 0))
            faults.Add($"dynamic batching preferred size must be positive for {config.Name}");
        if (batching.PreferredBatchSize.Any(size => size > config.MaxBatchSize))
            faults.Add($"dynamic batching preferred size must be <= max batch size for {config.Name}");
        var levels = batching.PriorityLevels;
        if (levels != 0)
        {
            if (batching.DefaultPriorityLevel == 0 || batching.DefaultPriorityLevel > levels)
                faults.Add($"default priority level must be in range [1, {levels}] for {config.Name}");
            if (batching.PriorityQueuePolicy.Keys.Any(level => level == 0 || level > levels))
                faults.Add($"priority queue policy must have priority level in range [1, {levels}] for {config.Name}");
        }

        if (!batching.PreserveOrdering)
            return;
        if (levels > 1)
            faults.Add($"Only one priority level is allowed when 'preserve_ordering' is true for {config.Name}");
        if (batching.PriorityQueuePolicy.Values.Append(batching.DefaultQueuePolicy).Any(Delays))
            faults.Add($"Queue policy can not have DELAY as timeout action when 'preserve_ordering' is true for {config.Name}");
    }

    private static bool Delays(ModelQueuePolicy? policy) =>
        policy is { TimeoutAction: TimeoutAction.Delay, DefaultTimeoutMicroseconds: not 0 };

    private static void CheckSequences(ModelConfig config, ModelSequenceBatching batching, List<string> faults)
    {
        if (config.ResponseCache is { Enable: true })
        {
            faults.Add($"Response Cache does not currently support model {config.Name} with sequence batching scheduler. "
                + "Please disable the response cache.");
        }

        foreach (var size in batching.Oldest?.PreferredBatchSize ?? [])
        {
            if (size <= 0)
                faults.Add($"sequence batching preferred batch size must be positive for {config.Name}");
            if (size > config.MaxBatchSize)
                faults.Add($"sequence batching preferred batch size must be <= max batch size for {config.Name}");
        }

        if (batching.Direct is { MinimumSlotUtilization: not (>= 0 and <= 1) })
            faults.Add($"sequence batching minimum slot utilization must be in range (0.0, 1.0] for {config.Name}");
    }
}
