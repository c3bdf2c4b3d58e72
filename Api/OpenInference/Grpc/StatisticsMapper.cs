using Granary.Api.Grpc.Protos;
using Granary.Serving.Clusters;
using StatisticsMessage = Granary.Api.Grpc.Protos.ModelStatistics;

namespace Granary.Api.OpenInference.Grpc;

/// <summary>
/// The counters of a version as the protocol counts; what a batch took counts once for each of its requests. Source: Triton, <c>docs/protocol/extension_statistics.md</c>.
/// </summary>
internal static class StatisticsMapper
{
    /// <summary>The message of a version.</summary>
    public static StatisticsMessage ToMessage(ModelStatus status)
    {
        var counters = status.Statistics;
        var run = counters.Succeeded - counters.CacheHits;
        var message = new StatisticsMessage
        {
            Name = status.Key.Name,
            Version = status.Key.Version,
            LastInference = (ulong)(counters.LastAnswerAt?.ToUnixTimeMilliseconds() ?? 0),
            InferenceCount = (ulong)counters.Rows,
            ExecutionCount = (ulong)counters.Executions,
            InferenceStats = new InferStatistics
            {
                Success = Duration(counters.Succeeded, counters.SuccessTime),
                Fail = Duration(counters.Failed, counters.FailureTime),
                Queue = Duration(run, counters.QueueTime),
                ComputeInput = Duration(run, counters.InputTime),
                ComputeInfer = Duration(run, counters.ComputeTime),
                ComputeOutput = Duration(run, counters.OutputTime),
                CacheHit = Duration(counters.CacheHits, counters.CacheHitTime),
                CacheMiss = Duration(counters.CacheMisses, counters.CacheMissTime),
            },
        };
        message.BatchStats.AddRange(counters.Batches.Select(ToMessage));
        if (status.ResidentBytes > 0)
            message.MemoryUsage.Add(Memory(status));
        return message;
    }

    private static InferBatchStatistics ToMessage(BatchStatistics batch) => new()
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
