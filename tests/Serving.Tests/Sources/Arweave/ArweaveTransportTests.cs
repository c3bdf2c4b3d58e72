using System.Text;
using System.Text.Json.Nodes;
using Granary.Serving.Models;
using Granary.Serving.Tests.Support;

namespace Granary.Serving.Tests.Sources.Arweave;

/// <summary>Gateways that are away, slow, broken or hostile on the wire.</summary>
[Collection(nameof(Weave))]
public sealed class ArweaveTransportTests(Weave weave) : IAsyncLifetime
{
    private readonly ArweaveFixture _arweave = new(weave);

    private string Medium => $"arweave/{weave.Alice}/sizes:medium.pt";

    private string Big => $"arweave/{weave.Alice}/sizes:big.pt";

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _arweave.DisposeAsync().AsTask();

    public static TheoryData<string, string> Answers => new()
    {
        { "202", "is pending (202): it is in no block yet" },
        { "400", "answered 400" },
        { "502", "answered 502" },
        { "520", "answered 520" },
        { "malformed", "sent a malformed answer" },
        { "html", "sent a malformed answer" },
        { "list", "sent a malformed answer" },
        { "error", "sent a malformed answer" },
        { "base64url", "sent a malformed answer" },
        { "null", "sent a malformed answer" },
        { "deep", "sent a malformed answer" },
        { "huge", "sent more than 1,048,576 bytes" },
        { "cut", "broke off" },
        { "loop", "sent more than 10 redirects" },
        { "file", "redirects from http to file" },
        { "ftp", "redirects from http to ftp" },
        { "compressed", "malformed" },
    };

    [Theory]
    [MemberData(nameof(Answers))]
    public async Task AcquireAsync_GatewayAnswersWrongly_SaysHow(string answer, string expected)
    {
        _arweave.Used = [_arweave.First];
        _arweave.Options.MaxAnswerBytes = 1 << 20;
        Spoil(_arweave.First, answer);
        Assert.Contains(expected, await _arweave.FetchFailsAsync(ServingError.SourceFailed, Medium), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Answers))]
    public async Task AcquireAsync_GatewayAnswersWrongly_TheNextIsAskedAtOnce(string answer, string expected)
    {
        Assert.NotEmpty(expected);
        _arweave.Options.MaxAnswerBytes = 1 << 20;
        Spoil(_arweave.First, answer);
        Assert.Equal(weave["medium"].Data, await _arweave.FetchAsync(Medium));
        Assert.Empty(_arweave.First.Downloads);
        Assert.Equal(answer switch { "loop" => 11, "base64url" or "null" => 2, _ => 1 }, _arweave.First.Requests.Count());
    }

    [Fact]
    public async Task ResolveAsync_OneSaysNoAndOneIsAway_IsNotNotFound()
    {
        Spoil(_arweave.Second, "502");
        await Raises.ServingAsync(ServingError.SourceFailed, () => _arweave.FetchAsync($"arweave/{weave.Alice}/sizes:none.pt"));
    }

    [Fact]
    public async Task AcquireAsync_EveryGatewayIsBusyOnce_TheyAreAskedAgain()
    {
        foreach (var gateway in _arweave.Used)
            gateway.Tamper = (_, response) => gateway.Requests.Count() == 1 ? FakeHub.Error(502) : response;
        Assert.Equal(weave["medium"].Data, await _arweave.FetchAsync(Medium));
    }

    [Fact]
    public async Task ResolveAsync_TooManyRequests_WaitsAsLongAsTheGatewaySays()
    {
        var time = new ManualTimeProvider();
        _arweave.Time = time;
        _arweave.Used = [_arweave.First];
        _arweave.First.Tamper = (_, response) => _arweave.First.Requests.Count() > 1 ? response : new FakeResponse { Status = 429, Headers = { ["Retry-After"] = "7" } };
        var resolving = _arweave.Source.ResolveAsync(ModelIdParser.Parse(Medium), false, default);
        await time.WaitForTimerAsync(static delay => delay == TimeSpan.FromSeconds(7));
        Assert.Single(_arweave.First.Requests);
        time.Advance(TimeSpan.FromSeconds(7));

        Assert.Equal(weave["medium"].Id, (await resolving).Revision);
    }

    [Fact]
    public async Task ResolveAsync_RetryAfterTooFarAway_FailsWithThatDelay()
    {
        _arweave.Used = [_arweave.First];
        _arweave.First.Tamper = static (_, _) => new FakeResponse { Status = 429, Headers = { ["Retry-After"] = "3600" } };
        var thrown = await Assert.ThrowsAsync<ServingException>(() => _arweave.FetchAsync(Medium));

        Assert.Equal((ServingError.SourceFailed, TimeSpan.FromHours(1)), (thrown.Error, thrown.RetryAfter));
        Assert.Single(_arweave.First.Requests);
    }

    [Fact]
    public async Task ResolveAsync_AnswerStopsMidway_TheNextIsAskedAfterTheTimeLimit()
    {
        var time = new ManualTimeProvider();
        _arweave.Time = time;
        _arweave.First.Tamper = static (_, response) =>
        {
            (response.StopAfter, response.Gate) = (10, new TaskCompletionSource().Task);
            return response;
        };
        _arweave.Options.AnswerTimeout = TimeSpan.FromSeconds(11);
        var resolving = _arweave.Source.ResolveAsync(ModelIdParser.Parse(Medium), false, default);
        await _arweave.First.ServerStopped.WaitAsync();
        time.Advance(TimeSpan.FromSeconds(11));

        Assert.Equal(weave["medium"].Id, (await resolving).Revision);
        Assert.Contains(_arweave.GatewayLog.Lines, static line => line.Contains("did not answer within 11 s", StringComparison.Ordinal));
    }

    [Fact]
    public async Task AcquireAsync_DataStopsMidway_TheNextGoesOnAtThatByte()
    {
        var time = new ManualTimeProvider();
        _arweave.Time = time;
        _arweave.Store.FirstRetryDelay = TimeSpan.FromSeconds(1);
        CutAt(_arweave.First, 1_234_567, new TaskCompletionSource().Task);
        var fetching = _arweave.FetchAsync(Medium);
        await _arweave.First.Stopped.WaitAsync();
        await WaitForPartAsync(1_234_567);
        time.Advance(_arweave.Store.StallTimeout);
        await time.WaitForTimerAsync(static delay => delay > TimeSpan.Zero && delay <= TimeSpan.FromSeconds(1));
        time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(weave["medium"].Data, await fetching);
        Assert.Equal("bytes=1234567-", Assert.Single(_arweave.Second.Downloads).Header("Range"));
        Assert.Equal(weave["medium"].Data.Length, _arweave.Counters.Snapshot().DownloadedBytes);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(262_144)]
    [InlineData(3_000_000)]
    public async Task AcquireAsync_ConnectionCut_TheNextGatewayGoesOn(int at)
    {
        CutAt(_arweave.First, at, null);
        Assert.Equal(weave["medium"].Data, await _arweave.FetchAsync(Medium));
        Assert.Equal(at == 0 ? null : $"bytes={at}-", Assert.Single(_arweave.Second.Downloads).Header("Range"));
    }

    [Fact]
    public async Task AcquireAsync_NextGatewayIgnoresRanges_StartsFromTheBeginning()
    {
        CutAt(_arweave.First, 1_000_000, null);
        _arweave.Second.TamperData((_, _) => new FakeResponse { Body = weave["medium"].Data });
        Assert.Equal(weave["medium"].Data, await _arweave.FetchAsync(Medium));
    }

    [Fact]
    public async Task AcquireAsync_PartOfAnEarlierProcess_IsVerifiedWithTheRest()
    {
        await LeavePartAsync(1_500_000);
        Assert.Equal(weave["medium"].Data, await _arweave.FetchAsync(Medium));
        Assert.Equal("bytes=1500000-", _arweave.Second.Downloads.Last().Header("Range"));
        Assert.Equal(1, _arweave.Counters.Snapshot().Resumes);
    }

    [Fact]
    public async Task AcquireAsync_PartOfAnEarlierProcessIsDamaged_AllIsFetchedOnce()
    {
        await LeavePartAsync(1_500_000);
        await using (var part = new FileStream(Directory.GetFiles(Path.Combine(_arweave.Store.Directory, "partial"), "*.part").Single(), FileMode.Open))
            part.Write(new byte[100]);
        Assert.Equal(weave["medium"].Data, await _arweave.FetchAsync(Medium));
        Assert.DoesNotContain(_arweave.GatewayLog.Lines, static line => line.StartsWith("Warning", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(404)]
    [InlineData(502)]
    public async Task AcquireAsync_NoPlainDownload_ComesInChunks(int status)
    {
        foreach (var gateway in _arweave.Used)
            gateway.TamperData((_, _) => FakeHub.Error(status));
        Assert.Equal(weave["big"].Data, await _arweave.FetchAsync(Big));
        Assert.Equal(50, _arweave.First.Count("/chunk/"));
    }

    [Theory]
    [InlineData("halved")]
    [InlineData("exact")]
    [InlineData("uneven")]
    [InlineData("tiny")]
    [InlineData("item")]
    public async Task AcquireAsync_ChunksOfEveryCut_AreJoined(string name)
    {
        _arweave.Options.ChunkedFromBytes = 1;
        Assert.Equal(weave[name].Data, await _arweave.FetchAsync($"arweave/{weave.Alice}/{weave[name].Tag("Repo-Name")}:{weave[name].Tag("File-Name")}"));
        Assert.Empty(_arweave.First.Downloads);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(300_000)]
    [InlineData(262_144)]
    [InlineData(534_288)]
    public async Task OpenAsync_ChunksFromAnyByte_GiveTheRest(int offset)
    {
        _arweave.Options.ChunkedFromBytes = 1;
        var file = (Granary.Serving.Sources.RemoteSourceFile)await _arweave.Source.ResolveAsync(ModelIdParser.Parse($"arweave/{weave.Alice}/sizes:halved.pt"), false, default);
        using var stream = await file.OpenAsync(offset, null, default);
        var rest = new MemoryStream();
        await stream.Content.CopyToAsync(rest);

        Assert.Equal((offset, weave["halved"].Data.Length), (stream.Offset, stream.Length));
        Assert.Equal(weave["halved"].Data[offset..], rest.ToArray());
    }

    [Fact]
    public async Task AcquireAsync_ChunksOfTheFirstEnd_TheNextGatewayGoesOnWithChunks()
    {
        _arweave.Options.ChunkedFromBytes = 1;
        _arweave.First.Tamper = (request, response) =>
            _arweave.First.Count("/chunk/") > 20 && request.Path.StartsWith("/chunk/", StringComparison.Ordinal) ? FakeHub.Error(404) : response;
        Assert.Equal(weave["big"].Data, await _arweave.FetchAsync(Big));
        Assert.Equal(weave["big"].Data.Length, _arweave.Counters.Snapshot().DownloadedBytes);
        Assert.InRange(_arweave.Second.Count("/chunk/"), 30, 40);
    }

    [Fact]
    public async Task AcquireAsync_EveryGatewayIsAway_ServesTheStoredCopy()
    {
        await _arweave.FetchAsync(Medium);
        Spoil(_arweave.First, "502");
        Spoil(_arweave.Second, "cut");
        Assert.Equal(weave["medium"].Data, await _arweave.FetchAsync(Medium));
        Assert.Contains(_arweave.StoreLog.Lines, static line => line.EndsWith("using the copy in the weights store", StringComparison.Ordinal));
    }

    [Fact]
    public async Task ResolveAsync_IndexGivesTheSamePageForEver_IsGivenUp()
    {
        _arweave.Used = [_arweave.First];
        JsonNode? edges = null;
        _arweave.First.TamperJson("/graphql", json =>
        {
            var transactions = json["data"]!["transactions"]!;
            transactions["pageInfo"]!["hasNextPage"] = true;
            edges ??= transactions["edges"]!;
            transactions["edges"] = edges.DeepClone();
        });
        Assert.Contains("the same page again and again", await _arweave.FetchFailsAsync(ServingError.SourceFailed, Medium), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ResolveAsync_IdOfTheIndexIsAPath_IsRefused()
    {
        _arweave.Used = [_arweave.First];
        _arweave.First.TamperJson("/graphql", static json => json["data"]!["transactions"]!["edges"]![0]!["node"]!["id"] = "../../admin/secrets/aaaaaaaaaaaaaaaaaaaaaaaa");
        Assert.Contains("an id is not 43 characters of base64url", await _arweave.FetchFailsAsync(ServingError.SourceFailed, Medium), StringComparison.Ordinal);
        Assert.Single(_arweave.First.Requests);
    }

    private async Task LeavePartAsync(int bytes)
    {
        using var stop = new CancellationTokenSource();
        CutAt(_arweave.First, bytes, new TaskCompletionSource().Task);
        var acquiring = _arweave.Open().AcquireAsync(ModelIdParser.Parse(Medium), default, stop.Token);
        await WaitForPartAsync(bytes);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => acquiring);
        _arweave.First.TamperData(static (_, _) => FakeHub.Error(404));
        _arweave.First.Tamper = (request, response) => request.Path.StartsWith("/chunk", StringComparison.Ordinal) || _arweave.First.Downloads.Contains(request) ? FakeHub.Error(404) : response;
    }

    private async Task WaitForPartAsync(long length)
    {
        var parts = Directory.CreateDirectory(Path.Combine(_arweave.Store.Directory, "partial"));
        using var watcher = new FileSystemWatcher(parts.FullName, "*.part") { NotifyFilter = NotifyFilters.Size | NotifyFilters.LastWrite };
        using var changed = new SemaphoreSlim(1);
        watcher.Changed += (_, _) => changed.Release();
        watcher.EnableRaisingEvents = true;
        while (!parts.EnumerateFiles("*.part").Any(file => file.Length >= length))
            Assert.True(await changed.WaitAsync(TimeSpan.FromSeconds(30)), $"no part reached {length} bytes");
    }

    // Stops the first answer with data.
    private static void CutAt(FakeGateway gateway, int bytes, Task? gate)
    {
        var isCut = false;
        gateway.TamperData((_, response) =>
        {
            if (!isCut)
                (response.StopAfter, response.Gate) = (bytes, gate);
            isCut = true;
            return response;
        });
    }

    private static void Spoil(FakeGateway gateway, string answer) => gateway.Tamper = (request, response) => answer switch
    {
        "malformed" => new FakeResponse { Body = "{\"data\":"u8.ToArray() },
        "html" => new FakeResponse { Body = "<html>welcome</html>"u8.ToArray() },
        "list" => new FakeResponse { Body = "[1]"u8.ToArray() },
        "error" => new FakeResponse { Body = "{\"errors\":[{\"message\":\"no\"}],\"data\":null}"u8.ToArray() },
        "base64url" => Spoil(request, response, static header => header["owner"] = "A+/="),
        "null" => Spoil(request, response, static header => header["tags"] = null),
        "deep" => new FakeResponse { Body = Encoding.ASCII.GetBytes(new string('[', 100_000)) },
        "huge" => new FakeResponse { Body = new byte[(1 << 20) + 1] },
        "cut" => new FakeResponse { Body = new byte[100], StopAfter = 50 },
        "loop" => new FakeResponse { Status = 302, Headers = { ["Location"] = request.Path } },
        "file" => new FakeResponse { Status = 302, Headers = { ["Location"] = "file:///etc/passwd" } },
        "ftp" => new FakeResponse { Status = 302, Headers = { ["Location"] = "ftp://example.invalid/x" } },
        "compressed" => new FakeResponse { Body = [0x1f, 0x8b, 8, 0], Headers = { ["Content-Encoding"] = "gzip" } },
        _ => FakeHub.Error(int.Parse(answer, null)),
    };

    // The index tells the truth, the header is broken.
    private static FakeResponse Spoil(FakeRequest request, FakeResponse response, Action<JsonNode> change)
    {
        if (!request.Path.StartsWith("/tx/", StringComparison.Ordinal))
            return response;
        var json = JsonNode.Parse(response.Body)!;
        change(json);
        return FakeGateway.Json(json);
    }
}
