using Granary.Serving.Embeddings;

namespace Granary.Hosting.Telemetry;

/// <summary>Tables of embeddings in <c>/metrics</c>, Persia's own name for the delay among them.</summary>
internal static class EmbeddingMetricsText
{
    /// <summary>Writes all families.</summary>
    public static void Write(PrometheusText text, EmbeddingSnapshot snapshot)
    {
        text.Single("granary_embedding_ready", "gauge", "Whether the sparse checkpoint is loaded.", snapshot.IsReady ? 1 : 0);
        text.Single("granary_embedding_entries", "gauge", "Rows in the tables.", snapshot.Entries);
        text.Single("granary_embedding_bytes", "gauge", "Memory of the tables in bytes.", snapshot.ResidentBytes);
        text.Single("granary_embedding_evicted_total", "counter", "Rows that made room for others.", snapshot.Evicted);
        if (snapshot.Updates is not { } updates)
            return;
        text.Single("granary_embedding_packets_applied_total", "counter", "Incremental packets that were applied.", updates.PacketsApplied);
        text.Single("granary_embedding_packets_damaged_total", "counter", "Incremental packets that are damaged.", updates.PacketsQuarantined);
        text.Single("granary_embedding_packets_pending", "gauge", "Incremental packets that wait for their marker.", updates.PacketsPending);
        text.Single("granary_embedding_rows_applied_total", "counter", "Rows that incremental packets wrote.", updates.RowsApplied);
        if (updates.Delay is { } delay)
            text.Single("inc_update_delay_sec", "gauge", "From the time of the packet applied last to when it was applied.", delay.TotalSeconds);
    }
}
