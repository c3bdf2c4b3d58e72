using System.Globalization;
using System.Text.Json;
using Granary.Serving.Clusters;
using Granary.Serving.Formats.Archives;
using Granary.Serving.Models;

namespace Granary.Api.TorchServe.Management;

/// <summary>
/// What TorchServe says of a model version. Instances are its workers: they share one copy of the weights, so each reports the memory of all.
/// Source: pytorch/serve, <c>DescribeModelResponse.java</c>.
/// </summary>
internal sealed class ModelDescription(ModelDefinition definition, ModelStatus status, TorchServeOptions options, WorkerLimits limits)
{
    private const int FirstWorkerId = 9000;
    private const int RetrySeconds = 300;

    /// <summary>Writes the object.</summary>
    public void Write(Utf8JsonWriter writer)
    {
        var workers = definition.WorkerCount();
        var onGpu = (status.Device ?? definition.Device).StartsWith("cuda", StringComparison.Ordinal);
        writer.WriteStartObject();
        writer.WriteString("modelName"u8, definition.Name);
        writer.WriteString("modelVersion"u8, definition.Version);
        writer.WriteString("modelUrl"u8, definition.UrlText());
        writer.WriteString("engine"u8, "Torch");
        writer.WriteString("runtime"u8, definition.Annotations.GetValueOrDefault(ArchiveAnnotations.Runtime, "python"));
        writer.WriteNumber("minWorkers"u8, workers);
        writer.WriteNumber("maxWorkers"u8, Math.Max(workers, limits.MaxWorkers(definition)));
        writer.WriteNumber("batchSize"u8, Math.Max(1, definition.Batching.MaxBatchSize));
        writer.WriteNumber("maxBatchDelay"u8, definition.Number(ArchiveAnnotations.MaxBatchDelay, (int)definition.Batching.MaxQueueDelay.TotalMilliseconds));
        writer.WriteNumber("responseTimeout"u8, definition.Number(ArchiveAnnotations.ResponseTimeout, (int)options.DefaultResponseTimeout.TotalSeconds));
        writer.WriteNumber("startupTimeout"u8, definition.Number(ArchiveAnnotations.StartupTimeout, (int)options.DefaultStartupTimeout.TotalSeconds));
        writer.WriteNumber("maxRetryTimeoutInSec"u8, RetrySeconds);
        writer.WriteNumber("clientTimeoutInMills"u8, 0);
        writer.WriteString("parallelType"u8, "");
        writer.WriteNumber("parallelLevel"u8, 1);
        writer.WriteString("deviceType"u8, onGpu ? "gpu" : "cpu");
        WriteConstants(writer);
        writer.WriteBoolean("loadedAtStartup"u8, definition.Annotations.ContainsKey(TorchServeAnnotations.AtStartup));
        WriteWorkers(writer, workers, onGpu);
        writer.WriteStartObject("jobQueueStatus"u8);
        writer.WriteNumber("remainingCapacity"u8, Math.Max(0, definition.MaxQueueSize - status.Queued));
        writer.WriteNumber("pendingRequests"u8, status.Queued);
        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    // What TorchServe has and this service does not.
    private static void WriteConstants(Utf8JsonWriter writer)
    {
        writer.WriteBoolean("continuousBatching"u8, false);
        writer.WriteBoolean("useJobTicket"u8, false);
        writer.WriteBoolean("useVenv"u8, false);
        writer.WriteBoolean("stateful"u8, false);
        writer.WriteNumber("sequenceMaxIdleMSec"u8, 0);
        writer.WriteNumber("sequenceTimeoutMSec"u8, 0);
        writer.WriteNumber("maxNumSequence"u8, 0);
        writer.WriteNumber("maxSequenceJobQueueSize"u8, 0);
    }

    private void WriteWorkers(Utf8JsonWriter writer, int workers, bool onGpu)
    {
        // What left memory when idle is as good as ready: the next request brings it back.
        var isReady = status.State is ModelState.Ready or ModelState.Unloaded;
        var started = (status.LoadedAt ?? DateTimeOffset.UnixEpoch).UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
        writer.WriteStartArray("workers"u8);
        for (var i = 0; i < workers; i++)
        {
            writer.WriteStartObject();
            writer.WriteString("id"u8, (FirstWorkerId + i).ToString(CultureInfo.InvariantCulture));
            writer.WriteString("startTime"u8, started);
            writer.WriteString("status"u8, isReady ? "READY" : "UNLOADING");
            writer.WriteNumber("memoryUsage"u8, status.ResidentBytes);
            writer.WriteNumber("pid"u8, Environment.ProcessId);
            writer.WriteBoolean("gpu"u8, onGpu);
            writer.WriteString("gpuUsage"u8, onGpu ? $"gpuId::{(status.Device ?? definition.Device)[5..]}" : "N/A");
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }
}
