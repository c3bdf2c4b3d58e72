using Granary.Serving.Clusters;
using Granary.Serving.Models;

namespace Granary.Serving.Activations;

/// <summary>Everything that is counted of one model version, at one moment. Counters survive unload and reload within one process.</summary>
public sealed record ModelMetricsSnapshot
{
    /// <summary>Which version.</summary>
    public required ModelKey Key { get; init; }

    /// <summary>Where in its life it is.</summary>
    public required ModelState State { get; init; }

    /// <summary>Requests that were answered.</summary>
    public required long Succeeded { get; init; }

    /// <summary>Requests that failed, by kind; kinds that never occurred are absent.</summary>
    public required IReadOnlyList<KeyValuePair<ServingError, long>> Failures { get; init; }

    /// <summary>Rows run.</summary>
    public required long Rows { get; init; }

    /// <summary>Native calls made.</summary>
    public required long Executions { get; init; }

    /// <summary>From arrival at the activation to the answer or error, waiting for a load included.</summary>
    public required HistogramSnapshot RequestDuration { get; init; }

    /// <summary>From arrival to the start of the native call.</summary>
    public required HistogramSnapshot QueueDuration { get; init; }

    /// <summary>The native call; a batch counts once for each of its requests.</summary>
    public required HistogramSnapshot ComputeDuration { get; init; }

    /// <summary>Calls waiting now.</summary>
    public required int Queued { get; init; }

    /// <summary>Calls running now.</summary>
    public required int Running { get; init; }

    /// <summary>Bytes of parameters and buffers; 0 when not loaded.</summary>
    public required long ResidentBytes { get; init; }

    /// <summary>Loads that succeeded.</summary>
    public required long Loads { get; init; }

    /// <summary>Loads that failed.</summary>
    public required long LoadFailures { get; init; }

    /// <summary>Sum of the durations of the loads that succeeded, in seconds.</summary>
    public required double LoadSeconds { get; init; }

    /// <summary>Duration of the last load that succeeded, in seconds; 0 when there was none.</summary>
    public double LastLoadSeconds { get; init; }

    /// <summary>The part of <see cref="RequestDuration"/> that belongs to requests that failed, in seconds.</summary>
    public double FailureSeconds { get; init; }

    /// <summary>Sum of the time in which the inputs of joined requests were copied together, in seconds; a batch counts once for each of its requests.</summary>
    public double InputSeconds { get; init; }

    /// <summary>Sum of the time in which outputs were cut into those of the requests, in seconds; a batch counts once for each of its requests.</summary>
    public double OutputSeconds { get; init; }

    /// <summary>What the response cache did for it; null when it does not use one.</summary>
    public ResponseCacheCounts? Cache { get; init; }
}

/// <summary>What the response cache did for one model version.</summary>
/// <param name="Hits">Requests that it answered.</param>
/// <param name="HitSeconds">Sum of the time of those look-ups.</param>
/// <param name="Misses">Requests that the model answered because the cache could not.</param>
/// <param name="MissSeconds">Sum of the time of those look-ups and of keeping their answers.</param>
public sealed record ResponseCacheCounts(long Hits, double HitSeconds, long Misses, double MissSeconds);
