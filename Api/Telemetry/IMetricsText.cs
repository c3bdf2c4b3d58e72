namespace Granary.Api.Telemetry;

/// <summary>A protocol's own part of <c>/metrics</c>.</summary>
internal interface IMetricsText
{
    /// <summary>Writes whole families; names that no other part writes.</summary>
    void Write(PrometheusText text);
}
