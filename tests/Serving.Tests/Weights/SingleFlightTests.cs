using Granary.Serving.Weights;

namespace Granary.Serving.Tests.Weights;

public sealed class SingleFlightTests
{
    private readonly SingleFlight<string, Result> _flights = new();

    [Fact]
    public async Task RunAsync_ResultTakenByAll_IsDisposedAfterwards()
    {
        var gate = new TaskCompletionSource<Result>();
        var callers = Enumerable.Range(0, 10)
            .Select(_ => _flights.RunAsync("k", _ => gate.Task, static result => result.IsDisposed, default)).ToArray();
        var result = new Result();
        gate.SetResult(result);

        Assert.All(await Task.WhenAll(callers), Assert.False);
        await result.Disposed;
    }

    [Fact]
    public async Task RunAsync_LastCallerLeaves_CancelsTheWork()
    {
        var cancelled = new TaskCompletionSource();
        using var stop = new CancellationTokenSource();
        var caller = _flights.RunAsync("k", async token =>
        {
            token.Register(cancelled.SetResult);
            await Task.Delay(Timeout.Infinite, token);
            return new Result();
        }, static result => result, stop.Token);
        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => caller);
        await cancelled.Task;
    }

    [Fact]
    public async Task RunAsync_CancelledBeforehand_StartsNothing()
    {
        var starts = 0;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _flights.RunAsync("k", _ =>
        {
            starts++;
            return Task.FromResult(new Result());
        }, static result => result, new CancellationToken(canceled: true)));

        Assert.Equal(0, starts);
    }

    [Fact]
    public async Task RunAsync_CallersThatComeAndGo_NeverSeeADisposedResultOrSomeoneElsesCancellation()
    {
        await Parallel.ForAsync(0, 5000, async (i, _) =>
        {
            using var stop = new CancellationTokenSource();
            var cancelling = i % 3 == 0 ? Task.Run(() => stop.Cancel(), CancellationToken.None) : Task.CompletedTask;
            try
            {
                var isDisposed = await _flights.RunAsync($"k{i % 4}", async token =>
                {
                    await Task.Yield();
                    token.ThrowIfCancellationRequested();
                    return new Result();
                }, static result => result.IsDisposed, stop.Token);
                Assert.False(isDisposed);
            }
            catch (OperationCanceledException)
            {
                Assert.True(stop.IsCancellationRequested);
            }

            await cancelling;
        });
    }

    private sealed class Result : IDisposable
    {
        private readonly TaskCompletionSource _disposed = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public bool IsDisposed => _disposed.Task.IsCompleted;

        public Task Disposed => _disposed.Task;

        public void Dispose() => _disposed.SetResult();
    }
}
