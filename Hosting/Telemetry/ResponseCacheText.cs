using Granary.Serving.Responses;

namespace Granary.Hosting.Telemetry;

/// <summary>What the response cache holds; nothing where there is none.</summary>
internal static class ResponseCacheText
{
    public static void Write(PrometheusText text, ResponseCacheSnapshot? cache)
    {
        if (cache is null)
            return;
        text.Single("granary_response_cache_entries", "gauge", "Answers that are kept.", cache.Entries);
        text.Single("granary_response_cache_bytes", "gauge", "Memory that they take, in bytes.", cache.Bytes);
        text.Single("granary_response_cache_max_bytes", "gauge", "Memory that they may take, in bytes.", cache.MaxBytes);
        text.Single("granary_response_cache_evictions_total", "counter", "Answers given up to make room.", cache.Evictions);
    }
}
