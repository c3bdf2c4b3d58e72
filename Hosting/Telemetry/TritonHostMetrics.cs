using System.Globalization;
using Granary.Torch;

namespace Granary.Hosting.Telemetry;

/// <summary>The machine under Triton's names, as far as it tells: processor and memory on Linux, memory of GPUs where there are any.</summary>
internal static class TritonHostMetrics
{
    private static readonly Lock Sync = new();
    private static (long Busy, long Total) _last;
    private static double _utilization;

    public static void Write(PrometheusText text, IReadOnlyList<GpuInfo> gpus)
    {
        if (OperatingSystem.IsLinux())
        {
            WriteProcessor(text);
            WriteMemory(text);
        }

        if (gpus.Count > 0)
            WriteGpus(text, gpus);
    }

    /// <summary>Busy and all time of every processor together, in ticks since the start of the machine.</summary>
    /// <param name="stat">The text of <c>/proc/stat</c>; null when its first line is not as proc(5) says.</param>
    internal static (long Busy, long Total)? ParseTimes(string stat)
    {
        var line = stat.AsSpan();
        var end = line.IndexOf('\n');
        var fields = line[..(end < 0 ? line.Length : end)].ToString().Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (fields.Length < 6 || fields[0] != "cpu")
            return null;
        var times = new long[fields.Length - 1];
        for (var i = 0; i < times.Length; i++)
        {
            if (!long.TryParse(fields[i + 1], NumberStyles.None, CultureInfo.InvariantCulture, out times[i]))
                return null;
        }

        // Guests (the ninth and tenth) are among users already; idle and waiting for disks are the fourth and fifth.
        var total = times.Take(8).Sum();
        return (total - times[3] - times[4], total);
    }

    /// <summary>One line of <c>/proc/meminfo</c> in bytes; null when it is not there.</summary>
    internal static long? ParseMemory(string memory, string field)
    {
        foreach (var line in memory.Split('\n'))
        {
            var parts = line.Split([':', ' '], StringSplitOptions.RemoveEmptyEntries);
            if (parts.Length >= 2 && parts[0] == field && long.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var kibibytes))
                return kibibytes * 1024;
        }

        return null;
    }

    private static void WriteProcessor(PrometheusText text)
    {
        if (Read("/proc/stat") is { } stat && ParseTimes(stat) is { } now)
            text.Single("nv_cpu_utilization", "gauge", "Share of the machine's processors that was busy since the page was read before, from 0 to 1.", Utilization(now));
    }

    private static double Utilization((long Busy, long Total) now)
    {
        lock (Sync)
        {
            // Two reads within one tick of the clock: nothing new is known.
            if (now.Total > _last.Total)
                _utilization = Math.Clamp((double)(now.Busy - _last.Busy) / (now.Total - _last.Total), 0, 1);
            _last = now;
            return _utilization;
        }
    }

    private static void WriteMemory(PrometheusText text)
    {
        if (Read("/proc/meminfo") is not { } memory || ParseMemory(memory, "MemTotal") is not { } total || ParseMemory(memory, "MemAvailable") is not { } available)
            return;
        text.Single("nv_cpu_memory_total_bytes", "gauge", "Memory of the machine in bytes.", total);
        text.Single("nv_cpu_memory_used_bytes", "gauge", "Memory of the machine that is in use, in bytes.", total - available);
    }

    private static void WriteGpus(PrometheusText text, IReadOnlyList<GpuInfo> gpus)
    {
        const string Total = "nv_gpu_memory_total_bytes";
        text.Family(Total, "gauge", "Memory of the GPU in bytes.");
        foreach (var gpu in gpus)
            text.Sample(Total, Label(gpu), gpu.TotalBytes);
        const string Used = "nv_gpu_memory_used_bytes";
        text.Family(Used, "gauge", "Memory of the GPU that is in use, in bytes; absent until a model was loaded onto it.");
        foreach (var gpu in gpus)
        {
            if (gpu.FreeBytes is { } free)
                text.Sample(Used, Label(gpu), gpu.TotalBytes - free);
        }
    }

    private static string Label(GpuInfo gpu) => PrometheusText.Label("gpu", gpu.Index.ToString(CultureInfo.InvariantCulture));

    private static string? Read(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
