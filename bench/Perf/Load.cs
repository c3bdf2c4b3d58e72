using System.Diagnostics;

namespace Granary.Bench.Perf;

/// <summary>Sends requests and notes how long each took.</summary>
internal static class Load
{
    private const int MostOpen = 256;

    /// <summary>As many requests in flight as there are connections.</summary>
    public static async Task<Latencies> ClosedAsync(IConnection[] connections, TimeSpan warmUp, TimeSpan duration)
    {
        var start = Stopwatch.GetTimestamp();
        var from = start + Ticks(warmUp);
        var until = from + Ticks(duration);
        var each = await Task.WhenAll(connections.Select(connection => Task.Run(() => LoopAsync(connection, from, until))));
        return Latencies.Join(each, duration);
    }

    /// <summary>One request every so often, whether or not the ones before were answered; a request that had to wait for a connection counts from when it was due.</summary>
    public static async Task<Latencies> OpenAsync(Func<Task<IConnection>> open, double rate, TimeSpan warmUp, TimeSpan duration)
    {
        var free = new Stack<IConnection>();
        var all = new List<IConnection>();
        var latencies = new Latencies();
        var pending = new List<Task>();
        var start = Stopwatch.GetTimestamp();
        var from = start + Ticks(warmUp);
        var until = from + Ticks(duration);
        var gap = Stopwatch.Frequency / rate;
        for (long number = 0; ; number++)
        {
            var due = start + (long)(number * gap);
            if (due >= until)
                break;
            await UntilAsync(due);
            pending.Add(AskAsync(due));
            if (pending.Count > 1000)
                pending.RemoveAll(task => task.IsCompletedSuccessfully);
        }

        await Task.WhenAll(pending);
        foreach (var connection in all)
            connection.Dispose();
        return Latencies.Join([latencies], duration);

        async Task AskAsync(long due)
        {
            IConnection? connection;
            lock (free)
                free.TryPop(out connection);
            if (connection is null)
            {
                connection = await open();
                lock (free)
                {
                    all.Add(connection);
                    if (all.Count > MostOpen)
                        throw new IOException($"the server is more than {MostOpen} requests behind; lower --rate");
                }
            }

            var ok = await connection.AskAsync(default);
            var took = Stopwatch.GetTimestamp() - due;
            lock (free)
            {
                free.Push(connection);
                if (due >= from)
                    latencies.Add(took, ok);
            }
        }
    }

    private static async Task<Latencies> LoopAsync(IConnection connection, long from, long until)
    {
        var latencies = new Latencies();
        while (true)
        {
            var began = Stopwatch.GetTimestamp();
            if (began >= until)
                return latencies;
            var ok = await connection.AskAsync(default);
            if (began >= from)
                latencies.Add(Stopwatch.GetTimestamp() - began, ok);
        }
    }

    private static async ValueTask UntilAsync(long due)
    {
        // Timers are a millisecond late at best: sleep most of it, yield through the rest.
        while (due - Stopwatch.GetTimestamp() is > 0 and var left)
        {
            var milliseconds = (int)(left * 1000 / Stopwatch.Frequency) - 1;
            if (milliseconds > 0)
                await Task.Delay(milliseconds);
            else
                Thread.Sleep(0);
        }
    }

    private static long Ticks(TimeSpan time) => (long)(time.TotalSeconds * Stopwatch.Frequency);
}
