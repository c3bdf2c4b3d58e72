using System.Diagnostics;

namespace Granary.Bench.Micro;

/// <summary>Times two ways to do the same thing in turns, so that both meet the same noise; keeps the best round of each.</summary>
internal static class Measure
{
    // Short, so that on a busy machine some rounds run undisturbed.
    private static readonly TimeSpan RoundTime = TimeSpan.FromMilliseconds(2);

    /// <summary>Prints microseconds a call of both, and their ratio.</summary>
    public static void Compare(string name, int rounds, Action ours, Action theirs)
    {
        WarmUp(ours);
        WarmUp(theirs);
        var (best, other) = (double.MaxValue, double.MaxValue);
        for (var round = 0; round < rounds; round++)
        {
            best = Math.Min(best, Time(ours));
            other = Math.Min(other, Time(theirs));
        }

        Console.WriteLine($"{name,-44} {best,10:F2} µs {other,10:F2} µs {other / best,7:F2}×");
    }

    // Long enough for the JIT's last tier, which compiles in the background.
    private static void WarmUp(Action action)
    {
        for (var i = 0; i < 12; i++)
        {
            Time(action);
            Thread.Sleep(20);
        }
    }

    private static double Time(Action action)
    {
        var count = 0;
        var start = Stopwatch.GetTimestamp();
        TimeSpan elapsed;
        do
        {
            for (var i = 0; i < 4; i++)
                action();
            count += 4;
            elapsed = Stopwatch.GetElapsedTime(start);
        }
        while (elapsed < RoundTime);
        return elapsed.TotalMicroseconds / count;
    }
}
