using System.Diagnostics;
using System.Globalization;

namespace Granary.Hosting.Telemetry;

/// <summary>What the process and the .NET runtime use, under the names that the Prometheus client libraries give them.</summary>
internal static class ProcessMetrics
{
    // Seconds since 1970; read once because it opens several files under /proc.
    private static readonly double StartTime = ReadStartTime();

    public static void Write(PrometheusText text)
    {
        text.Single("process_resident_memory_bytes", "gauge", "Resident memory in bytes.", Environment.WorkingSet);
        text.Single("process_cpu_seconds_total", "counter", "User and system CPU time in seconds.", CpuSeconds());
        text.Single("process_start_time_seconds", "gauge", "When the process started, in seconds since 1970.", StartTime);
        WriteGarbageCollector(text);
        text.Single("dotnet_threadpool_threads", "gauge", "Thread pool threads.", ThreadPool.ThreadCount);
        text.Single("dotnet_threadpool_queue_length", "gauge", "Work items that wait for a thread pool thread.", ThreadPool.PendingWorkItemCount);
        text.Single("dotnet_threadpool_completed_work_items_total", "counter", "Work items that the thread pool finished.", ThreadPool.CompletedWorkItemCount);
        text.Single("dotnet_lock_contentions_total", "counter", "Times a thread had to wait for a lock.", Monitor.LockContentionCount);
    }

    private static void WriteGarbageCollector(PrometheusText text)
    {
        text.Family("dotnet_gc_collections_total", "counter", "Garbage collections a generation.");
        for (var generation = 0; generation <= GC.MaxGeneration; generation++)
            text.Sample("dotnet_gc_collections_total", PrometheusText.Label("generation", generation.ToString(CultureInfo.InvariantCulture)), GC.CollectionCount(generation));
        text.Single("dotnet_gc_pause_seconds_total", "counter", "Time that garbage collections stopped the process, in seconds.", GC.GetTotalPauseDuration().TotalSeconds);
        text.Single("dotnet_gc_heap_bytes", "gauge", "Managed heap in bytes, garbage included.", GC.GetTotalMemory(forceFullCollection: false));
        text.Single("dotnet_gc_allocated_bytes_total", "counter", "Managed bytes allocated.", GC.GetTotalAllocatedBytes());
    }

    private static double CpuSeconds()
    {
        if (OperatingSystem.IsIOS() || OperatingSystem.IsTvOS() || OperatingSystem.IsBrowser())
            return 0;
        return Environment.CpuUsage.TotalTime.TotalSeconds;
    }

    private static double ReadStartTime()
    {
        using var process = Process.GetCurrentProcess();
        return (process.StartTime.ToUniversalTime() - DateTime.UnixEpoch).TotalSeconds;
    }
}
