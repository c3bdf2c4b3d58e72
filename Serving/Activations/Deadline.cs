namespace Granary.Serving.Activations;

/// <summary>What is left of a request's time.</summary>
internal static class Deadline
{
    /// <summary>Timers cannot wait longer than about 49 days; nobody waits that long either.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromDays(40);

    /// <summary>Zero when it has passed; <see cref="Timeout.InfiniteTimeSpan"/> when there is none.</summary>
    public static TimeSpan Left(TimeSpan? timeout, long arrived, TimeProvider time)
    {
        if (timeout is not { } whole || whole == Timeout.InfiniteTimeSpan || whole > Longest)
            return Timeout.InfiniteTimeSpan;
        var left = whole - time.GetElapsedTime(arrived);
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }
}
