using Granary.Serving.Formats.Triton.Config;
using Granary.Serving.Formats.Triton.Naming;
using Granary.Serving.Handlers;
using Granary.Serving.Models;

namespace Granary.Serving.Formats.Triton.Repository;

/// <summary>What of a configuration the serving core needs, as a definition.</summary>
internal static class DefinitionMapper
{
    /// <summary>The parameter of a configuration that holds the chain of handlers, in the form of <see cref="HandlerText"/>.</summary>
    public const string HandlersParameter = "handlers";

    /// <summary>One version's definition.</summary>
    /// <param name="raw">As read: says which instance groups the user gave.</param>
    /// <param name="config">Normalised and valid.</param>
    /// <param name="version">Its number.</param>
    /// <param name="source">Its file.</param>
    /// <param name="labels">By the names of outputs.</param>
    public static ModelDefinition Map(ModelConfig raw, ModelConfig config, string version, ModelId source, IReadOnlyDictionary<string, IReadOnlyList<string>> labels)
    {
        var (device, instances) = Place(raw.InstanceGroup);
        return new ModelDefinition
        {
            Name = config.Name,
            Version = version,
            Source = source,
            Inputs = Inputs(config),
            Outputs = Outputs(config, labels),
            Device = device,
            Instances = instances,
            // As Triton: no limit unless the queue of a priority has one.
            MaxQueueSize = int.MaxValue,
            Batching = config.DynamicBatching is { } batching ? Batching(batching, config.MaxBatchSize) : new BatchingOptions(),
            Handlers = config.Parameters.TryGetValue(HandlersParameter, out var handlers) ? HandlerText.Parse(handlers.StringValue) : [],
            IntraOpThreads = ModelConfigSupport.IntraOpThreads(config) ?? 0,
            ResponseCache = config.ResponseCache is { Enable: true },
            Trusted = true,
        };
    }

    /// <summary>Device and number of instances. Without a group: as many as cores on whatever there is.</summary>
    private static (string Device, int Instances) Place(IReadOnlyList<ModelInstanceGroup> groups)
    {
        var active = groups.Where(static group => !group.Passive).ToList();
        if (active.Count == 0)
            return ("auto", 0);
        long count = 0;
        foreach (var group in active)
            count += (long)Math.Max(1, group.Count) * (group.Kind == InstanceKind.Gpu ? Math.Max(1, group.Gpus.Count) : 1);
        var first = active[0];
        var device = first.Kind switch
        {
            InstanceKind.Cpu => "cpu",
            InstanceKind.Gpu => $"cuda:{(first.Gpus.Count == 0 ? 0 : first.Gpus[0])}",
            _ => "auto",
        };
        return (device, (int)Math.Min(count, int.MaxValue));
    }

    private static BatchingOptions Batching(ModelDynamicBatching batching, int maxBatchSize) => new()
    {
        MaxBatchSize = maxBatchSize,
        MaxQueueDelay = Microseconds(batching.MaxQueueDelayMicroseconds),
        // Without a batch dimension nothing is joined, but the queue keeps its rules.
        PreferredSizes = maxBatchSize > 0 ? batching.PreferredBatchSize : [],
        PreserveOrder = batching.PreserveOrdering,
        Priorities = Clamp(batching.PriorityLevels),
        DefaultPriority = batching.PriorityLevels == 0 ? 0 : Clamp(batching.DefaultPriorityLevel),
        Queue = batching.DefaultQueuePolicy is { } policy ? Queue(policy) : new QueuePolicy(),
        PriorityQueues = batching.PriorityLevels == 0
            ? new Dictionary<int, QueuePolicy>()
            : batching.PriorityQueuePolicy.ToDictionary(static pair => Clamp(pair.Key), static pair => Queue(pair.Value)),
    };

    private static QueuePolicy Queue(ModelQueuePolicy policy) => new()
    {
        TimeoutAction = policy.TimeoutAction == TimeoutAction.Delay ? QueueTimeoutAction.Delay : QueueTimeoutAction.Reject,
        Timeout = Microseconds(policy.DefaultTimeoutMicroseconds),
        AllowTimeoutOverride = policy.AllowTimeoutOverride,
        MaxQueueSize = Clamp(policy.MaxQueueSize),
    };

    // The activation checks tensors only, so one string among the inputs leaves them all to the front end.
    private static IReadOnlyList<TensorSpec> Inputs(ModelConfig config) => config.Input.Any(static input => input.DataType.ToDType() is null)
        ? []
        : [.. config.Input.Select(input => new TensorSpec(input.Name, input.DataType.ToDType()!.Value, Shape(config, input.Dims, input.Reshape)))];

    private static IReadOnlyList<TensorSpec> Outputs(ModelConfig config, IReadOnlyDictionary<string, IReadOnlyList<string>> labels) =>
    [
        .. config.Output.Where(static output => output.DataType.ToDType() is not null).Select(output =>
            new TensorSpec(output.Name, output.DataType.ToDType()!.Value, Shape(config, output.Dims, output.Reshape)) { Labels = labels.GetValueOrDefault(output.Name) }),
    ];

    /// <summary>What the model itself sees.</summary>
    private static IReadOnlyList<long> Shape(ModelConfig config, IReadOnlyList<long> dims, ModelTensorReshape? reshape)
    {
        var own = reshape?.Shape ?? dims;
        return config.HasBatchDimension ? [-1, .. own] : own;
    }

    private static TimeSpan Microseconds(ulong count) => count > long.MaxValue / TimeSpan.TicksPerMicrosecond ? TimeSpan.MaxValue : TimeSpan.FromTicks((long)count * TimeSpan.TicksPerMicrosecond);

    private static int Clamp(ulong count) => (int)Math.Min(count, int.MaxValue);
}
