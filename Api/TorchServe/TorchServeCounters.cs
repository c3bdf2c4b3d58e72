using System.Collections.Concurrent;
using Granary.Serving.Clusters;

namespace Granary.Api.TorchServe;

/// <summary>
/// What TorchServe counts: requests by status class, and requests, latencies and queue times by model. Safe for concurrent use.
/// Source: pytorch/serve, <c>ts/configs/metrics.yaml</c>.
/// </summary>
internal sealed class TorchServeCounters
{
    private const int MostSeries = 4096;
    private readonly ConcurrentDictionary<(string Model, string Version), ModelSeries> _models = new();
    private long _succeeded;
    private long _refused;
    private long _failed;

    /// <summary>Answers by the first digit of their status: 2, 4 and 5.</summary>
    public (long Succeeded, long Refused, long Failed) Answers => (Interlocked.Read(ref _succeeded), Interlocked.Read(ref _refused), Interlocked.Read(ref _failed));

    /// <summary>What was counted of each model; the version is <c>default</c> where requests named none.</summary>
    public IEnumerable<KeyValuePair<(string Model, string Version), ModelSeries>> Models => _models;

    /// <summary>Counts an answer.</summary>
    public void Count(int status)
    {
        if (status < 400)
            Interlocked.Increment(ref _succeeded);
        else if (status < 500)
            Interlocked.Increment(ref _refused);
        else
            Interlocked.Increment(ref _failed);
    }

    /// <summary>Counts a request for a model that exists.</summary>
    public void Count(string model, string? version) => Of(model, version)?.CountRequest();

    /// <summary>Counts what an answer took.</summary>
    public void Answer(string model, string? version, InferenceTiming timing) => Of(model, version)?.Add(timing);

    private ModelSeries? Of(string model, string? version)
    {
        var key = (model, version ?? "default");
        if (_models.TryGetValue(key, out var series))
            return series;
        return _models.Count < MostSeries ? _models.GetOrAdd(key, static _ => new ModelSeries()) : null;
    }
}

/// <summary>What is counted of one model.</summary>
internal sealed class ModelSeries
{
    private long _requests;
    private long _latencyTicks;
    private long _queueTicks;

    public long Requests => Interlocked.Read(ref _requests);

    /// <summary>Sum of the time in queue and model.</summary>
    public TimeSpan Latency => new(Interlocked.Read(ref _latencyTicks));

    /// <summary>Sum of the time in the queue.</summary>
    public TimeSpan Queue => new(Interlocked.Read(ref _queueTicks));

    public void CountRequest() => Interlocked.Increment(ref _requests);

    public void Add(InferenceTiming timing)
    {
        Interlocked.Add(ref _queueTicks, timing.Queue.Ticks);
        Interlocked.Add(ref _latencyTicks, (timing.Queue + timing.Compute).Ticks);
    }
}
