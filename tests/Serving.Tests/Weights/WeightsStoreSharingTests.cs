using Granary.Serving.Models;
using Granary.Serving.Tests.Sources;
using Granary.Serving.Tests.Support;
using Granary.Serving.Weights;

namespace Granary.Serving.Tests.Weights;

public sealed class WeightsStoreSharingTests : IAsyncLifetime
{
    private static readonly ModelId Id = ModelIdParser.Parse("huggingface/o/n:model.pt");
    private readonly StoreFixture _store = new();
    private readonly TaskCompletionSource _gate = new();

    public WeightsStoreSharingTests()
    {
        _store.Hub.Add("o/n/model.pt", 1_000_000);
        _store.Hub.Tamper = (request, response) =>
        {
            if (request.Method == "GET" && response.Status == 200)
                (response.StopAfter, response.Gate) = (400_000, _gate.Task);
            return response;
        };
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _store.DisposeAsync().AsTask();

    [Fact]
    public async Task AcquireAsync_ManyCallersAtOnce_DownloadOnce()
    {
        var store = _store.Open();
        var callers = Enumerable.Range(0, 200).Select(_ => store.AcquireAsync(Id, default)).ToArray();
        await _store.Hub.Cdn.Stopped.WaitAsync();
        _gate.SetResult();
        var leases = await Task.WhenAll(callers);

        Assert.Single(leases.Select(static lease => lease.Path).Distinct());
        Assert.Equal((1, 1), (_store.Hub.Cdn.Count("GET"), _store.Hub.Hub.Count("HEAD")));
        Assert.Equal(new WeightsStatistics(0, 1, 1_000_000, 0, 0, 0), _store.Counters.Snapshot());
        Assert.All(leases, static lease => lease.Dispose());
    }

    [Fact]
    public async Task AcquireAsync_OneOfTwoCallersLeaves_TheOtherGetsTheFile()
    {
        var store = _store.Open();
        using var stop = new CancellationTokenSource();
        var leaving = store.AcquireAsync(Id, default, stop.Token);
        var staying = store.AcquireAsync(Id, default);
        await _store.Hub.Cdn.Stopped.WaitAsync();
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => leaving);
        _gate.SetResult();

        using var lease = await staying;
        Assert.Equal(1_000_000, lease.Length);
        Assert.Equal(1, _store.Hub.Cdn.Count("GET"));
    }

    [Fact]
    public async Task AcquireAsync_EveryCallerLeaves_StopsKeepsThePartAndResumesForTheNext()
    {
        var store = _store.Open();
        using var stop = new CancellationTokenSource();
        var callers = Enumerable.Range(0, 3).Select(_ => store.AcquireAsync(Id, default, stop.Token)).ToArray();
        await _store.WaitForPartAsync(400_000);
        await stop.CancelAsync();
        foreach (var caller in callers)
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => caller);

        _store.Hub.Tamper = static (_, response) => response;
        using var lease = await store.AcquireAsync(Id, default);
        Assert.Equal("bytes=400000-", _store.Hub.Cdn.Requests.Last().Header("Range"));
        Assert.Equal(1_000_000, _store.Counters.Snapshot().DownloadedBytes);
    }

    [Fact]
    public async Task AcquireAsync_CallersWithDifferentDemands_DownloadOnce()
    {
        var store = _store.Open();
        var sha256 = _store.Hub.Files["o/n/model.pt"].Sha256;
        Task<WeightsLease>[] callers =
        [
            store.AcquireAsync(Id, default),
            store.AcquireAsync(Id, new WeightsRequest(sha256, false)),
            store.AcquireAsync(Id, new WeightsRequest(sha256, true)),
        ];
        await _store.Hub.Cdn.Stopped.WaitAsync();
        _gate.SetResult();
        foreach (var lease in await Task.WhenAll(callers))
            lease.Dispose();

        Assert.Equal(1, _store.Hub.Cdn.Count("GET"));
    }

    [Fact]
    public async Task AcquireAsync_FailureForManyCallers_IsTheSameForAllAndTheNextCallerTriesAnew()
    {
        var failing = true;
        var asked = new TaskCompletionSource();
        _store.Hub.Tamper = (_, response) =>
        {
            asked.Task.Wait(TimeSpan.FromSeconds(30));
            return failing ? FakeHub.Error(404, "EntryNotFound") : response;
        };
        var store = _store.Open();
        var callers = Enumerable.Range(0, 20).Select(_ => store.AcquireAsync(Id, default)).ToArray();
        asked.SetResult();
        foreach (var caller in callers)
            await Raises.ServingAsync(ServingError.NotFound, () => caller);
        Assert.Single(_store.Hub.Hub.Requests);

        failing = false;
        using var lease = await store.AcquireAsync(Id, default);
        Assert.Equal(1_000_000, lease.Length);
    }
}
