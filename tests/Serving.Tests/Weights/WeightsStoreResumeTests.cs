using Granary.Serving.Tests.Sources;
using Granary.Serving.Tests.Support;
using Granary.Serving.Weights;

namespace Granary.Serving.Tests.Weights;

public sealed class WeightsStoreResumeTests : IAsyncLifetime
{
    private const string Id = "huggingface/o/n:model.pt";
    private const int Length = 2_000_000;
    private readonly StoreFixture _store = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _store.DisposeAsync().AsTask();

    [Theory]
    [InlineData(true, 0)]
    [InlineData(true, 1)]
    [InlineData(true, 700_001)]
    [InlineData(true, Length - 1)]
    [InlineData(false, 700_001)]
    public async Task AcquireAsync_ConnectionCutOnce_GoesOnAtThatByte(bool isLarge, int at)
    {
        var file = _store.Hub.Add("o/n/model.pt", Length, isLarge);
        CutAt(at);
        using var lease = await _store.AcquireAsync(Id);

        Assert.Equal(file.Content, await File.ReadAllBytesAsync(lease.Path));
        Assert.Equal(at == 0 ? null : $"bytes={at}-", LastGet().Header("Range"));
        Assert.Equal(Length, _store.Counters.Snapshot().DownloadedBytes);
    }

    [Fact]
    public async Task AcquireAsync_CutManyTimesWithProgress_Completes()
    {
        var file = _store.Hub.Add("o/n/model.pt", 3_000_000);
        _store.Hub.Tamper = static (request, response) =>
        {
            if (request.Method == "GET" && response.Body.Length > 300_000)
                response.StopAfter = 300_000;
            return response;
        };
        using var lease = await _store.AcquireAsync(Id);

        Assert.Equal(file.Content, await File.ReadAllBytesAsync(lease.Path));
        Assert.Equal(10, _store.Hub.Cdn.Count("GET"));
    }

    [Fact]
    public async Task AcquireAsync_CutAgainAndAgainWithoutProgress_FailsAndKeepsThePart()
    {
        _store.Hub.Add("o/n/model.pt", Length);
        _store.Options.MaxAttempts = 3;
        _store.Hub.Tamper = static (request, response) =>
        {
            response.StopAfter = request.Method == "GET" ? 10 : null;
            return response;
        };
        var message = await Raises.ServingAsync(ServingError.SourceFailed, () => _store.AcquireAsync(Id));

        Assert.StartsWith($"the download of '{Id}' broke off 3 times in a row at byte 30", message, StringComparison.Ordinal);
        Assert.Equal(2, _store.Partials.Length);
        _store.Hub.Tamper = static (_, response) => response;
        using var lease = await _store.AcquireAsync(Id);
        Assert.Equal("bytes=30-", LastGet().Header("Range"));
        Assert.Equal(1, _store.Counters.Snapshot().Resumes);
    }

    [Fact]
    public async Task AcquireAsync_ContentChangesAfterTheCut_StartsAgainWithTheNewContent()
    {
        var file = _store.Hub.Add("o/n/model.pt", Length);
        CutAt(500_000, then: () => file.Content = [.. file.Content.Reverse()]);
        using var lease = await _store.AcquireAsync(Id);

        Assert.Equal(file.Content, await File.ReadAllBytesAsync(lease.Path));
        Assert.Equal(file.Sha256, Assert.Single(_store.Blobs));
        Assert.Contains(_store.Log.Lines, static line => line.Contains("changed at its source", StringComparison.Ordinal));
    }

    [Fact]
    public async Task AcquireAsync_ContentChangesEveryTime_IsGivenUp()
    {
        var file = _store.Hub.Add("o/n/model.pt", Length);
        _store.Hub.Tamper = (request, response) =>
        {
            if (request.Method != "GET" || response.Status == 302)
                return response;
            response.StopAfter = 1000;
            file.Content = [.. file.Content.Skip(1)];
            return response;
        };
        var message = await Raises.ServingAsync(ServingError.SourceFailed, () => _store.AcquireAsync(Id));

        Assert.Equal($"'{Id}' changed at its source during each of 3 downloads", message);
        Assert.Empty(_store.Partials);
    }

    [Fact]
    public async Task AcquireAsync_ServerIgnoresRanges_StartsFromTheBeginning()
    {
        var file = _store.Hub.Add("o/n/model.pt", Length);
        CutAt(500_000, always: response =>
        {
            if (response.Status != 206)
                return response;
            var whole = new FakeResponse { Body = file.Content };
            whole.Headers["ETag"] = response.Headers["ETag"];
            return whole;
        });
        using var lease = await _store.AcquireAsync(Id);

        Assert.Equal(file.Content, await File.ReadAllBytesAsync(lease.Path));
        Assert.Equal(Length + 500_000, _store.Counters.Snapshot().DownloadedBytes);
    }

    [Fact]
    public async Task AcquireAsync_KeptPartIsDamaged_FetchesAllOnce()
    {
        var file = _store.Hub.Add("o/n/model.pt", Length);
        await LeavePartAsync(600_000);
        var part = Directory.GetFiles(Path.Combine(_store.StorePath, "partial"), "*.part").Single();
        await using (var stream = new FileStream(part, FileMode.Open))
            stream.Write(new byte[1000]);
        using var lease = await _store.AcquireAsync(Id);

        Assert.Equal(file.Content, await File.ReadAllBytesAsync(lease.Path));
        Assert.Contains(_store.Log.Lines, static line => line.Contains("has a wrong hash; fetching all of it once more", StringComparison.Ordinal));
    }

    [Fact]
    public async Task AcquireAsync_PartOfOtherContent_IsNotUsed()
    {
        var file = _store.Hub.Add("o/n/model.pt", Length);
        await LeavePartAsync(600_000);
        file.Content = [.. file.Content.Reverse()];
        using var lease = await _store.AcquireAsync(Id);

        Assert.Equal(file.Content, await File.ReadAllBytesAsync(lease.Path));
        Assert.Null(LastGet().Header("Range"));
    }

    [Fact]
    public async Task AcquireAsync_PartIsWholeFile_IsPublishedWithoutAGet()
    {
        var file = _store.Hub.Add("o/n/model.pt", Length);
        await LeavePartAsync(600_000);
        var part = Directory.GetFiles(Path.Combine(_store.StorePath, "partial"), "*.part").Single();
        await File.WriteAllBytesAsync(part, file.Content);
        var gets = _store.Hub.Gets;
        using var lease = await _store.AcquireAsync(Id);

        Assert.Equal(gets, _store.Hub.Gets);
        Assert.Equal(file.Sha256, lease.Sha256);
    }

    [Fact]
    public async Task AcquireAsync_SilentBody_IsBrokenOffAndResumed()
    {
        var time = new ManualTimeProvider();
        _store.Time = time;
        var file = _store.Hub.Add("o/n/model.pt", Length);
        _store.Options.FirstRetryDelay = TimeSpan.FromSeconds(1);
        CutAt(500_000, gate: new TaskCompletionSource().Task);
        var acquiring = _store.AcquireAsync(Id);
        await _store.WaitForPartAsync(500_000);
        time.Advance(_store.Options.StallTimeout);
        await time.WaitForTimerAsync(static delay => delay > TimeSpan.Zero && delay <= TimeSpan.FromSeconds(1));
        time.Advance(TimeSpan.FromSeconds(1));

        using var lease = await acquiring;
        Assert.Equal(file.Content, await File.ReadAllBytesAsync(lease.Path));
        Assert.Contains(_store.Log.Lines, static line => line.Contains("no byte came for 60 s", StringComparison.Ordinal));
    }

    [Fact]
    public async Task AcquireAsync_LongDownload_LogsProgress()
    {
        var time = new ManualTimeProvider();
        _store.Time = time;
        _store.Hub.Add("o/n/model.pt", Length);
        var gate = new TaskCompletionSource();
        CutAt(500_000, gate: gate.Task);
        var acquiring = _store.AcquireAsync(Id);
        await _store.WaitForPartAsync(500_000);
        time.Advance(TimeSpan.FromSeconds(5));
        gate.SetResult();
        (await acquiring).Dispose();

        Assert.Contains(_store.Log.Lines, static line => line.StartsWith($"Information: downloading {Id}: ", StringComparison.Ordinal)
            && line.Contains($" of {Length} bytes, ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task AcquireAsync_KilledDuringTheDownload_GoesOnWhereItWas()
    {
        var file = _store.Hub.Add("o/n/model.pt", Length);
        var never = new TaskCompletionSource();
        var reached = 0L;
        foreach (var at in (int[])[300_000, 301_000, 1_500_000])
        {
            _store.Hub.Tamper = (request, response) =>
            {
                if (request.Method != "GET" || response.Status == 302)
                    return response;
                response.StopAfter = at - (Length - response.Body.Length);
                response.Gate = never.Task;
                return response;
            };
            using var victim = new ChildProcess("downloader", _store.StorePath, _store.Hub.Hub.Address, Id);
            while (reached < at)
                reached = long.Parse((await victim.ReadLineAsync())!, null);
            await victim.KillAsync();
            Assert.Empty(_store.Blobs);
        }

        _store.Hub.Tamper = static (_, response) => response;
        using var lease = await _store.AcquireAsync(Id);
        Assert.Equal(file.Content, await File.ReadAllBytesAsync(lease.Path));
        Assert.Equal("bytes=1500000-", LastGet().Header("Range"));
        Assert.Empty(_store.Partials);
    }

    [Fact]
    public async Task AcquireAsync_AnotherProcessIsDownloading_WaitsAndFindsTheFile()
    {
        var file = _store.Hub.Add("o/n/model.pt", Length);
        var gate = new TaskCompletionSource();
        CutAt(300_000, gate: gate.Task);
        using var other = new ChildProcess("downloader", _store.StorePath, _store.Hub.Hub.Address, Id);
        while (long.Parse((await other.ReadLineAsync())!, null) < 300_000)
        {
        }

        var acquiring = _store.AcquireAsync(Id);
        await _store.WaitForLogAsync("waiting for another download");
        gate.SetResult();
        using var lease = await acquiring;

        Assert.Equal(file.Content, await File.ReadAllBytesAsync(lease.Path));
        Assert.Equal(1, _store.Hub.Cdn.Count("GET"));
        Assert.Equal(new WeightsStatistics(1, 0, 0, 0, 0, 0), _store.Counters.Snapshot());
    }

    private FakeRequest LastGet() => _store.Hub.Cdn.Requests.Concat(_store.Hub.Hub.Requests).Last(static request => request.Method == "GET");

    // Leaves a part behind as a caller does that went away.
    private async Task LeavePartAsync(int bytes)
    {
        using var stop = new CancellationTokenSource();
        CutAt(bytes, gate: new TaskCompletionSource().Task);
        var acquiring = _store.AcquireAsync(Id, cancellation: stop.Token);
        await _store.WaitForPartAsync(bytes);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => acquiring);
        _store.Hub.Tamper = static (_, response) => response;
    }

    // Stops the first answer with content after some bytes: cuts it, or holds it at the gate.
    private void CutAt(int bytes, Action? then = null, Task? gate = null, Func<FakeResponse, FakeResponse>? always = null)
    {
        var isCut = false;
        _store.Hub.Tamper = (request, response) =>
        {
            response = request.Method == "GET" ? always?.Invoke(response) ?? response : response;
            if (isCut || request.Method != "GET" || response.Status == 302)
                return response;
            isCut = true;
            (response.StopAfter, response.Gate) = (bytes, gate);
            then?.Invoke();
            return response;
        };
    }
}
