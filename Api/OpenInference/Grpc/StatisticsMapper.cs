using Granary.Api.Grpc.Protos;
using Granary.Serving.Clusters;
using StatisticsMessage = Granary.Api.Grpc.Protos.ModelStatistics;

namespace Granary.Api.OpenInference.Grpc;

/// <summary>The counters of a version as the protocol counts. Source: Triton, <c>docs/protocol/extension_statistics.md</c>.</summary>
internal static class StatisticsMapper
{
    /// <summary>The message of a version.</summary>
    public static StatisticsMessage ToMessage(ModelStatus status)
    {
        var counted = status.Statistics;
        var run = counted.Succeeded - counted.CacheHits;
        var message = new StatisticsMessage
        {
            Name = status.Key.Name,
            Version = status.Key.Version,
            LastInference = (ulong)Math.Max(0, counted.LastAnswerAt?.ToUnixTimeMilliseconds() ?? 0),
            InferenceCount = (ulong)counted.Rows,
            ExecutionCount = (ulong)counted.Executions,
            InferenceStats = new InferStatistics
            {
                Success = Duration(counted.Succeeded, counted.SuccessTime),
                Fail = Duration(counted.Failed, counted.FailureTime),
                Queue = Duration(run, counted.QueueTime),
                ComputeInput = Duration(run, counted.InputTime),
                ComputeInfer = Duration(run, counted.ComputeTime),
                ComputeOutput = Duration(run, counted.OutputTime),
                CacheHit = Duration(counted.CacheHits, counted.CacheHitTime),
                CacheMiss = Duration(counted.CacheMisses, counted.CacheMissTime),
            },
        };
        foreach (var batch in counted.Batches)
            message.BatchStats.Add(Batch(batch));
        if (status.ResidentBytes > 0)
            message.MemoryUsage.Add(Memory(status));
        return message;
    }

    private static InferBatchStatistics Batch(BatchStatistics batch) => new()
    {
        BatchSize = (ulong)batch.Size,
        ComputeInput = Duration(batch.Executions, batch.InputTime),
        ComputeInfer = Duration(batch.Executions, batch.ComputeTime),
        ComputeOutput = Duration(batch.Executions, batch.OutputTime),
    };

    private static MemoryUsage Memory(ModelStatus status)
    {
        var isGpu = status.Device is { } device && device.StartsWith("cuda", StringComparison.Ordinal);
        var colon = status.Device?.IndexOf(':', StringComparison.Ordinal) ?? -1;
        _ = long.TryParse(colon < 0 ? "0" : status.Device.AsSpan(colon + 1), out var id);
        return new MemoryUsage { Type = isGpu ? "GPU" : "CPU", Id = id, ByteSize = (ulong)status.ResidentBytes };
    }

    private static StatisticDuration Duration(long count, TimeSpan time) =>
        new() { Count = (ulong)count, Ns = (ulong)(time.Ticks * TimeSpan.NanosecondsPerTick) };
}
