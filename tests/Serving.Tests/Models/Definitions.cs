using Granary.Serving.Models;
using Granary.Torch;

namespace Granary.Serving.Tests.Models;

internal static class Definitions
{
    /// <summary>Every field differs from its default.</summary>
    public static ModelDefinition Full { get; } = new()
    {
        Name = "california",
        Version = "12",
        Source = ModelIdParser.Parse("huggingface/owner/name/v1:model.pt"),
        Sha256 = new string('a', 64),
        Inputs = [new TensorSpec("x", DType.Float64, [-1, 8])],
        Outputs = [new TensorSpec("y", DType.BFloat16, [-1]) { Labels = ["cat", "dog"] }, new TensorSpec("z", DType.Bool, [])],
        Device = "cuda:1",
        Instances = 3,
        MaxQueueSize = 7,
        Batching = new BatchingOptions
        {
            MaxBatchSize = 16,
            MaxQueueDelay = TimeSpan.FromMilliseconds(2.5),
            PreferredSizes = [4, 8],
            PreserveOrder = true,
            Priorities = 2,
            DefaultPriority = 1,
            Queue = new QueuePolicy { TimeoutAction = QueueTimeoutAction.Delay, Timeout = TimeSpan.FromSeconds(3), AllowTimeoutOverride = true, MaxQueueSize = 9 },
            PriorityQueues = new Dictionary<int, QueuePolicy> { [2] = new() { MaxQueueSize = 5 } },
        },
        IdleTimeout = Timeout.InfiniteTimeSpan,
        Pinned = true,
        Optimize = true,
        RequireTorchScript = true,
        Trusted = true,
        Description = "a \"quoted\" text, with é",
        MemoryBytes = 5L << 30,
        IntraOpThreads = 2,
        ResponseCache = true,
        Annotations = new Dictionary<string, string> { ["a.b"] = "c" },
        Handlers = [new HandlerSpec("image", new Dictionary<string, string> { ["resize"] = "256" }), new HandlerSpec("softmax")],
    };

    public static ModelDefinition Of(string name, string version)
        => new() { Name = name, Version = version, Source = ModelIdParser.Parse("local/models/m.pt") };
}
