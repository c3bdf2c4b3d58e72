using System.Diagnostics;
using System.Diagnostics.Metrics;
using Granary.Serving.Models;

namespace Granary.Serving.Activations;

/// <summary>The instruments that OTLP exports; nothing is recorded while nobody listens.</summary>
internal static class GranaryMeter
{
    /// <summary>The meter's name, for exporters.</summary>
    public const string Name = "Granary";

    private static readonly Meter Meter = new(Name);
    private static readonly Histogram<double> RequestDuration = Meter.CreateHistogram<double>("granary.request.duration", "s", "From arrival at the activation to the answer or error.");
    private static readonly Histogram<double> QueueDuration = Meter.CreateHistogram<double>("granary.queue.duration", "s", "From arrival to the start of the native call.");
    private static readonly Histogram<double> ComputeDuration = Meter.CreateHistogram<double>("granary.compute.duration", "s", "The native call.");
    private static readonly Histogram<double> LoadDuration = Meter.CreateHistogram<double>("granary.load.duration", "s", "Load of a model, download and warm-up included.");

    public static void Success(ModelKey key, TimeSpan request, TimeSpan queue, TimeSpan compute)
    {
        if (!RequestDuration.Enabled && !QueueDuration.Enabled && !ComputeDuration.Enabled)
            return;
        var tags = Tags(key, "success");
        RequestDuration.Record(request.TotalSeconds, tags);
        QueueDuration.Record(queue.TotalSeconds, tags);
        ComputeDuration.Record(compute.TotalSeconds, tags);
    }

    /// <summary>An answer of the response cache: nothing waited and nothing was computed.</summary>
    public static void CacheHit(ModelKey key, TimeSpan request)
    {
        if (RequestDuration.Enabled)
            RequestDuration.Record(request.TotalSeconds, Tags(key, "success"));
    }

    public static void Failure(ModelKey key, ServingError error, TimeSpan request)
    {
        if (RequestDuration.Enabled)
            RequestDuration.Record(request.TotalSeconds, Tags(key, error.ToString()));
    }

    public static void Load(ModelKey key, bool succeeded, TimeSpan duration)
    {
        if (LoadDuration.Enabled)
            LoadDuration.Record(duration.TotalSeconds, Tags(key, succeeded ? "success" : "failure"));
    }

    private static TagList Tags(ModelKey key, string outcome) => new()
    {
        { "model", key.Name },
        { "version", key.Version },
        { "outcome", outcome },
    };
}
