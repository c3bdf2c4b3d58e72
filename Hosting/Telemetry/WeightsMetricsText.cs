using Granary.Serving.Weights;

namespace Granary.Hosting.Telemetry;

/// <summary>What the weights store did since the process started.</summary>
internal static class WeightsMetricsText
{
    public static void Write(PrometheusText text, WeightsStatistics counters)
    {
        text.Single("granary_weights_hits_total", "counter", "Fetches that found the file on disk.", counters.Hits);
        text.Single("granary_weights_misses_total", "counter", "Fetches that had to download.", counters.Misses);
        text.Single("granary_weights_downloaded_bytes_total", "counter", "Bytes that came over the network, discarded ones included.", counters.DownloadedBytes);
        text.Single("granary_weights_resumes_total", "counter", "Downloads that went on where an earlier one had stopped.", counters.Resumes);
        text.Single("granary_weights_failures_total", "counter", "Fetches that failed.", counters.Failures);
        text.Single("granary_weights_evictions_total", "counter", "Files deleted to make room.", counters.Evictions);
    }
}
