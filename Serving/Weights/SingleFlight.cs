namespace Granary.Serving.Weights;

/// <summary>
/// One run of some work for all callers that want it at the same time. A caller that gives up leaves the others alone; when the
/// last one left, the work is cancelled. The result is disposed after every caller has taken from it what it needs.
/// </summary>
internal sealed class SingleFlight<TKey, TResult>
    where TKey : notnull
    where TResult : class, IDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<TKey, Flight> _flights = [];

    /// <summary>Joins the run for a key, or starts it.</summary>
    /// <param name="key">What the work is for.</param>
    /// <param name="start">The work; its token is cancelled when nobody waits any more.</param>
    /// <param name="take">Makes a caller's own result while the shared one is alive.</param>
    /// <param name="cancellation">Ends this caller's wait.</param>
    public async Task<TOut> RunAsync<TOut>(
        TKey key, Func<CancellationToken, Task<TResult>> start, Func<TResult, TOut> take, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        var flight = Join(key, start);
        try
        {
            return take(await flight.Task!.WaitAsync(cancellation).ConfigureAwait(false));
        }
        finally
        {
            Leave(key, flight);
        }
    }

    private Flight Join(TKey key, Func<CancellationToken, Task<TResult>> start)
    {
        lock (_lock)
        {
            if (!_flights.TryGetValue(key, out var flight))
            {
                flight = new Flight();
                _flights.Add(key, flight);
                flight.Task = Task.Run(() => FlyAsync(key, flight, start));
            }

            flight.Waiters++;
            return flight;
        }
    }

    private async Task<TResult> FlyAsync(TKey key, Flight flight, Func<CancellationToken, Task<TResult>> start)
    {
        try
        {
            return await start(flight.Abandoned.Token).ConfigureAwait(false);
        }
        finally
        {
            // Whoever comes now starts anew: a failure is not handed to callers who were not there.
            Remove(key, flight);
        }
    }

    private void Leave(TKey key, Flight flight)
    {
        lock (_lock)
        {
            if (--flight.Waiters > 0)
                return;
            Remove(key, flight);
        }

        flight.Abandoned.Cancel();
        flight.Task!.ContinueWith(
            task =>
            {
                if (task.IsCompletedSuccessfully)
                    task.Result.Dispose();
                _ = task.Exception;
                flight.Abandoned.Dispose();
            },
            CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
    }

    private void Remove(TKey key, Flight flight)
    {
        lock (_lock)
        {
            if (_flights.TryGetValue(key, out var current) && current == flight)
                _flights.Remove(key);
        }
    }

    private sealed class Flight
    {
        public Task<TResult>? Task { get; set; }

        public int Waiters { get; set; }

        public CancellationTokenSource Abandoned { get; } = new();
    }
}
