using Granary.Serving.Clusters;
using Granary.Serving.Models;

namespace Granary.Api.Hosting;

/// <summary>How the default model is doing; health probes and <c>/service-resources</c> show it. Safe for concurrent use.</summary>
internal sealed class DefaultModelState
{
    private volatile DefaultModelReport _current = new(null, null, null);

    /// <summary>The latest report.</summary>
    public DefaultModelReport Current => _current;

    /// <summary>Told every report, on the thread that makes it.</summary>
    public event Action<DefaultModelReport>? Changed;

    /// <summary>Replaces the report.</summary>
    public void Report(DefaultModelReport report)
    {
        _current = report;
        Changed?.Invoke(report);
    }
}

/// <summary>One report.</summary>
/// <param name="Key">The version; null when no default model is configured.</param>
/// <param name="Load">Loading, then ready or failed; null when no default model is configured.</param>
/// <param name="Reason">Why it failed; fit for clients.</param>
internal sealed record DefaultModelReport(ModelKey? Key, ModelState? Load, string? Reason)
{
    /// <summary>For people and JSON: <c>not configured</c>, <c>loading</c>, <c>ready</c> or <c>failed</c>.</summary>
    public string State => Load?.ToString().ToLowerInvariant() ?? "not configured";
}
