using System.Globalization;

namespace Granary.Api.Grpc;

/// <summary>The header <c>grpc-timeout</c>: one to eight digits and a unit, such as <c>100m</c> for 100 ms.</summary>
internal static class GrpcTimeout
{
    /// <summary>Timers cannot wait longer than about 49 days; nobody waits that long either.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromDays(40);

    private const int MaxDigits = 8;

    /// <summary>Reads a header; a longer time than <see cref="Longest"/> becomes that.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out TimeSpan timeout)
    {
        timeout = default;
        if (text.Length is < 2 or > MaxDigits + 1 || !long.TryParse(text[..^1], NumberStyles.None, CultureInfo.InvariantCulture, out var count))
            return false;
        var ticks = text[^1] switch
        {
            'H' => count * TimeSpan.TicksPerHour,
            'M' => count * TimeSpan.TicksPerMinute,
            'S' => count * TimeSpan.TicksPerSecond,
            'm' => count * TimeSpan.TicksPerMillisecond,
            'u' => count * TimeSpan.TicksPerMicrosecond,
            // A tick is 100 ns; a time that is not over must not become none at all.
            'n' => (count + TimeSpan.NanosecondsPerTick - 1) / TimeSpan.NanosecondsPerTick,
            _ => -1,
        };
        timeout = new TimeSpan(Math.Min(ticks, Longest.Ticks));
        return ticks >= 0;
    }
}
