namespace Granary.Serving.Activations;

/// <summary>
/// Decides whether a model is quick enough to run on the caller's thread: a moving average of its time per call, so that a
/// model whose requests grow moves to the inference threads and comes back. Races lose an observation, never more.
/// </summary>
internal sealed class InlinePolicy
{
    private readonly long _below;
    private long _average;
    private volatile bool _allowed;

    public InlinePolicy(TimeSpan below, TimeProvider time)
    {
        _below = (long)(below.TotalSeconds * time.TimestampFrequency);
        _average = long.MaxValue;
    }

    /// <summary>Whether calls run inline at the moment; false until the first measurement.</summary>
    public bool Allowed => _allowed;

    /// <summary>Whether inline calls are long enough to matter to a caller that runs one at a time: over a quarter of the limit.</summary>
    public bool HoldsCaller => _allowed && Volatile.Read(ref _average) > _below / 4;

    /// <summary>Sets the average from the warm-up.</summary>
    public void Start(long duration)
    {
        _average = duration;
        _allowed = _below > 0 && duration <= _below;
    }

    /// <summary>Adds one call, in timestamp units.</summary>
    public void Observe(long duration)
    {
        if (_below == 0)
            return;
        // Clipped, so that one descheduled thread does not move a quick model; about five slow calls in a row do.
        var average = _average;
        average += (Math.Min(duration, 4 * _below) - average) / 16;
        _average = average;
        var allowed = average <= _below;
        if (allowed != _allowed)
            _allowed = allowed;
    }
}
