using Granary.Api.Admin;
using Granary.Serving;
using Granary.Serving.Clusters;
using Granary.Serving.Models;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;

namespace Granary.Api.Tests.Admin;

public sealed class AdminOperationsTests
{
    private static readonly ModelKey Key = new("m", "1");
    private readonly Lifetime _lifetime = new();
    private readonly AdminOperations _operations;

    public AdminOperationsTests() => _operations = new AdminOperations(_lifetime, TimeProvider.System, NullLogger<AdminOperations>.Instance);

    [Fact(Timeout = 60_000)]
    public async Task Start_MoreThanRemembered_ForgetsTheOldestFinished()
    {
        for (var i = 0; i < AdminOperations.MaxRemembered; i++)
            await FinishedAsync(_operations.Start("load", Key, _ => Task.FromResult(Result())).Id);
        var newest = _operations.Start("load", Key, _ => Task.FromResult(Result()));
        Assert.Equal(AdminOperations.MaxRemembered, _operations.List().Count);
        Assert.Null(_operations.Find("1"));
        Assert.NotNull(_operations.Find("2"));
        Assert.NotNull(_operations.Find(newest.Id));
    }

    [Fact(Timeout = 60_000)]
    public async Task Start_AllRemembersStillRunning_Overloaded()
    {
        var gate = new TaskCompletionSource<WarmUpView>();
        for (var i = 0; i < AdminOperations.MaxRemembered; i++)
            _operations.Start("load", Key, _ => gate.Task);
        var exception = Assert.Throws<ServingException>(() => _operations.Start("load", Key, _ => gate.Task));
        Assert.Equal(ServingError.Overloaded, exception.Error);
        gate.SetResult(Result());
        await FinishedAsync("1");
    }

    [Fact(Timeout = 60_000)]
    public async Task Shutdown_RunningOperation_CancelledAndSaidSo()
    {
        var operation = _operations.Start("load", Key, async cancellation =>
        {
            await Task.Delay(Timeout.Infinite, cancellation);
            return Result();
        });
        _lifetime.Stopping.Cancel();
        var finished = await FinishedAsync(operation.Id);
        Assert.Equal(("failed", "The service is shutting down"), (finished.State, finished.Error));
    }

    [Fact(Timeout = 60_000)]
    public async Task Start_WorkWithADefect_FailsWithoutItsMessage()
    {
        var operation = _operations.Start("load", Key, _ => throw new InvalidOperationException("secret /path"));
        var finished = await FinishedAsync(operation.Id);
        Assert.Equal("failed", finished.State);
        Assert.DoesNotContain("secret", finished.Error, StringComparison.Ordinal);
    }

    private static WarmUpView Result() =>
        new("none", [], AdminViewFactory.Status(new ModelStatus { Key = Key, State = ModelState.Ready }));

    private async Task<OperationView> FinishedAsync(string id)
    {
        while (_operations.Find(id) is not { FinishedAt: not null })
            await Task.Yield();
        return _operations.Find(id)!;
    }

    private sealed class Lifetime : IHostApplicationLifetime
    {
        public CancellationTokenSource Stopping { get; } = new();

        public CancellationToken ApplicationStarted => CancellationToken.None;

        public CancellationToken ApplicationStopping => Stopping.Token;

        public CancellationToken ApplicationStopped => CancellationToken.None;

        public void StopApplication() => Stopping.Cancel();
    }
}
