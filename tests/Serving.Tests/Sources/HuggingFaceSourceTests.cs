using Granary.Serving.Models;
using Granary.Serving.Sources;
using Granary.Serving.Tests.Support;
using Microsoft.Extensions.Options;

namespace Granary.Serving.Tests.Sources;

public sealed class HuggingFaceSourceTests : IAsyncLifetime
{
    private readonly FakeHub _hub = new();
    private readonly ManualTimeProvider _time = new();
    private readonly SourceHttpOptions _http = new();
    private readonly LineLogger<SourceHttp> _log = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _hub.DisposeAsync().AsTask();

    [Fact]
    public async Task ResolveAsync_LargeFile_TellsCommitLengthAndSha256()
    {
        var file = _hub.Add("o/n/model.pt", 1000);
        var resolved = await ResolveAsync("huggingface/o/n:model.pt");

        Assert.Equal(FakeHub.Commit, resolved.Revision);
        Assert.Equal(1000, resolved.Length);
        Assert.Equal(file.Sha256, resolved.Sha256);
        Assert.Equal(file.Sha256, resolved.ETag);
        Assert.Null(resolved.GitBlobSha1);
        Assert.Empty(_hub.Cdn.Requests);
    }

    [Fact]
    public async Task ResolveAsync_SmallFile_TellsTheGitSha1()
    {
        _hub.Files["o/n/a.txt"] = new HubFile("hello\n"u8.ToArray(), isLarge: false);
        var resolved = await ResolveAsync("huggingface/o/n:a.txt");

        // git hash-object of "hello\n".
        Assert.Equal("ce013625030ba8dba906f756967f9e9ca394464a", resolved.GitBlobSha1);
        Assert.Equal(6, resolved.Length);
        Assert.Null(resolved.Sha256);
    }

    [Fact]
    public async Task ResolveAsync_OddNames_AreEscapedInTheAddress()
    {
        _hub.Add("o/n/sub dir/a%2e#1?.pt", 10);
        await ResolveAsync("huggingface/o/n/refs/pr/1:sub dir/a%2e#1?.pt");

        Assert.Equal("/o/n/resolve/refs%2Fpr%2F1/sub%20dir/a%252e%231%3F.pt", Assert.Single(_hub.Hub.Requests).Path);
    }

    [Fact]
    public async Task OpenAsync_LargeFile_AsksForTheCommitAndGivesTheTokenToTheHubOnly()
    {
        var file = _hub.Add("o/n/model.pt", 1000);
        _hub.Token = "secret";
        var resolved = await ResolveAsync("huggingface/o/n:model.pt", token: "secret");
        using var stream = await resolved.OpenAsync(0, null, CancellationToken.None);
        var content = new MemoryStream();
        await stream.Content.CopyToAsync(content);

        Assert.Equal(file.Content, content.ToArray());
        Assert.All(_hub.Hub.Requests, static request => Assert.Equal("Bearer secret", request.Header("Authorization")));
        Assert.Equal($"/o/n/resolve/{FakeHub.Commit}/model.pt", _hub.Hub.Requests.Last().Path);
        Assert.Null(Assert.Single(_hub.Cdn.Requests).Header("Authorization"));
    }

    [Fact]
    public async Task OpenAsync_FromAnOffset_AsksForTheRange()
    {
        var file = _hub.Add("o/n/model.pt", 1000);
        var resolved = await ResolveAsync("huggingface/o/n:model.pt");
        string validator;
        using (var whole = await resolved.OpenAsync(0, null, CancellationToken.None))
            validator = whole.Validator!;
        using var rest = await resolved.OpenAsync(600, validator, CancellationToken.None);
        var content = new MemoryStream();
        await rest.Content.CopyToAsync(content);

        Assert.Equal((600, 1000L), (rest.Offset, rest.Length));
        Assert.Equal(file.Content[600..], content.ToArray());
        Assert.Equal(("bytes=600-", validator), (_hub.Cdn.Requests.Last().Header("Range"), _hub.Cdn.Requests.Last().Header("If-Range")));
    }

    [Fact]
    public async Task ResolveAsync_RedirectWithinTheHub_IsFollowedAndItsHeadersCount()
    {
        _hub.Add("o/n/a.txt", 20, isLarge: false);
        _hub.Tamper = (request, response) =>
        {
            if (!request.Path.StartsWith("/old/", StringComparison.Ordinal))
                return response;
            var moved = new FakeResponse { Status = 307 };
            moved.Headers["Location"] = request.Path.Replace("/old/", "/o/", StringComparison.Ordinal);
            return moved;
        };
        var resolved = await ResolveAsync("huggingface/old/n:a.txt", token: "secret");

        Assert.Equal(20, resolved.Length);
        Assert.Equal(2, _hub.Hub.Requests.Count);
        Assert.All(_hub.Hub.Requests, static request => Assert.Equal("Bearer secret", request.Header("Authorization")));
    }

    [Fact]
    public async Task OpenAsync_EndlessRedirects_AreGivenUp()
    {
        _hub.Add("o/n/model.pt", 10);
        var resolved = await ResolveAsync("huggingface/o/n:model.pt");
        _hub.Tamper = (request, _) =>
        {
            var response = new FakeResponse { Status = 302 };
            response.Headers["Location"] = request.Path;
            return response;
        };
        var message = await Raises.ServingAsync(ServingError.SourceFailed, () => resolved.OpenAsync(0, null, CancellationToken.None));

        Assert.Equal("127.0.0.1 sent more than 10 redirects", message);
    }

    [Theory]
    [InlineData("file:///etc/passwd", "redirects from http to file")]
    [InlineData("ftp://example.invalid/x", "redirects from http to ftp")]
    public async Task OpenAsync_RedirectToAnotherScheme_IsRefused(string location, string expected)
    {
        _hub.Add("o/n/model.pt", 10);
        var resolved = await ResolveAsync("huggingface/o/n:model.pt");
        _hub.Tamper = (_, response) =>
        {
            response.Headers["Location"] = location;
            return response;
        };
        var message = await Raises.ServingAsync(ServingError.SourceFailed, () => resolved.OpenAsync(0, null, CancellationToken.None));

        Assert.Contains(expected, message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("huggingface/x/n:model.pt", ServingError.NotFound, "no repository 'x/n'")]
    [InlineData("huggingface/o/n/v9:model.pt", ServingError.NotFound, "has no revision 'v9'")]
    [InlineData("huggingface/o/n:other.pt", ServingError.NotFound, "has no file 'other.pt' in revision 'main'")]
    public async Task ResolveAsync_MissingThing_SaysWhichThing(string id, ServingError error, string expected)
    {
        _hub.Add("o/n/model.pt", 10);
        Assert.Contains(expected, await Raises.ServingAsync(error, () => ResolveAsync(id)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(401, null, ServingError.PermissionDenied, "(401): it is private or the token is wrong")]
    [InlineData(403, null, ServingError.PermissionDenied, "(403)")]
    [InlineData(403, "GatedRepo", ServingError.PermissionDenied, "is gated; accept its terms")]
    [InlineData(401, "RepoNotFound", ServingError.NotFound, "or it is private; if it is private, set HF_TOKEN")]
    [InlineData(404, null, ServingError.NotFound, "(404): repository, revision or file does not exist")]
    [InlineData(418, null, ServingError.SourceFailed, "answered 418")]
    public async Task ResolveAsync_Refusal_IsMapped(int status, string? code, ServingError error, string expected)
    {
        _hub.Tamper = (_, _) => FakeHub.Error(status, code);
        Assert.Contains(expected, await Raises.ServingAsync(error, () => ResolveAsync("huggingface/o/n:m.pt")), StringComparison.Ordinal);
        Assert.Single(_hub.Hub.Requests);
    }

    [Fact]
    public async Task ResolveAsync_WrongToken_PointsAtTheToken()
    {
        _hub.Add("o/n/model.pt", 10);
        _hub.Token = "right";
        var message = await Raises.ServingAsync(ServingError.NotFound, () => ResolveAsync("huggingface/o/n:model.pt", token: "wrong"));

        Assert.Contains("check that the token in HF_TOKEN may read it", message, StringComparison.Ordinal);
        Assert.DoesNotContain("wrong", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ResolveAsync_TooManyRequests_WaitsAsLongAsTheHubSays()
    {
        _hub.Add("o/n/model.pt", 10);
        var isFirst = true;
        _hub.Tamper = (_, response) =>
        {
            if (!isFirst)
                return response;
            isFirst = false;
            var refused = FakeHub.Error(429);
            refused.Headers["Retry-After"] = "7";
            return refused;
        };
        var resolving = ResolveAsync("huggingface/o/n:model.pt");
        await _time.WaitForTimerAsync(static delay => delay == TimeSpan.FromSeconds(7));
        _time.Advance(TimeSpan.FromSeconds(6.9));
        Assert.Single(_hub.Hub.Requests);
        _time.Advance(TimeSpan.FromSeconds(0.1));

        Assert.Equal(10, (await resolving).Length);
        Assert.Equal(2, _hub.Hub.Requests.Count);
    }

    [Fact]
    public async Task ResolveAsync_RetryAfterTooFarAway_FailsWithThatDelay()
    {
        _hub.Tamper = (_, _) =>
        {
            var refused = FakeHub.Error(429);
            refused.Headers["Retry-After"] = "3600";
            return refused;
        };
        var thrown = await Assert.ThrowsAsync<ServingException>(() => ResolveAsync("huggingface/o/n:m.pt"));

        Assert.Equal((ServingError.SourceFailed, TimeSpan.FromHours(1)), (thrown.Error, thrown.RetryAfter));
        Assert.Single(_hub.Hub.Requests);
    }

    [Fact]
    public async Task ResolveAsync_ServerErrors_AreTriedAgainWithGrowingDelaysAndGivenUp()
    {
        _http.MaxAttempts = 4;
        _hub.Tamper = (_, _) => FakeHub.Error(503);
        var resolving = ResolveAsync("huggingface/o/n:m.pt");
        foreach (var full in (double[])[0.5, 1, 2])
        {
            await _time.WaitForTimerAsync(delay => delay >= TimeSpan.FromSeconds(full / 2) && delay <= TimeSpan.FromSeconds(full));
            _time.Advance(TimeSpan.FromSeconds(full));
        }

        Assert.Equal("127.0.0.1 answered 503 (4 tries)", await Raises.ServingAsync(ServingError.SourceFailed, () => resolving));
        Assert.Equal(4, _hub.Hub.Requests.Count);
    }

    [Fact]
    public async Task ResolveAsync_SilentHub_TimesOut()
    {
        _http.MaxAttempts = 1;
        var silence = new TaskCompletionSource();
        var asked = new SemaphoreSlim(0);
        _hub.Tamper = (_, response) =>
        {
            asked.Release();
            silence.Task.Wait(TimeSpan.FromSeconds(30));
            return response;
        };
        var resolving = ResolveAsync("huggingface/o/n:m.pt");
        await asked.WaitAsync();
        _time.Advance(_http.ResponseTimeout);

        var message = await Raises.ServingAsync(ServingError.SourceFailed, () => resolving);
        silence.SetResult();
        Assert.Equal("127.0.0.1 did not answer within 30 s (1 tries)", message);
    }

    [Fact]
    public async Task ResolveAsync_NobodyListens_IsSourceFailed()
    {
        _http.MaxAttempts = 1;
        var address = _hub.Hub.Address;
        await _hub.Hub.DisposeAsync();
        var message = await Raises.ServingAsync(ServingError.SourceFailed,
            () => Source(address).ResolveAsync(ModelIdParser.Parse("huggingface/o/n:m.pt"), false, default));

        Assert.StartsWith("127.0.0.1 could not be reached", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ResolveAsync_Offline_AsksNobody()
    {
        var source = Source(new HuggingFaceOptions { Endpoint = _hub.Hub.Address, Offline = true });
        var message = await Raises.ServingAsync(ServingError.SourceFailed,
            () => source.ResolveAsync(ModelIdParser.Parse("huggingface/o/n:m.pt"), false, default));

        Assert.Contains("HF_HUB_OFFLINE", message, StringComparison.Ordinal);
        Assert.Empty(_hub.Hub.Requests);
    }

    [Theory]
    [InlineData("huggingface/o/n/0123456789abcdef0123456789abcdef01234567:f", true)]
    [InlineData("huggingface/o/n/0123456:f", false)]
    [InlineData("huggingface/o/n:f", false)]
    public void IsPinned_Revision_IsAFullCommit(string id, bool expected)
        => Assert.Equal(expected, Source(_hub.Hub.Address).IsPinned(ModelIdParser.Parse(id)));

    private async Task<RemoteSourceFile> ResolveAsync(string id, string? token = null)
        => (RemoteSourceFile)await Source(_hub.Hub.Address, token).ResolveAsync(ModelIdParser.Parse(id), false, default);

    private HuggingFaceSource Source(string endpoint, string? token = null)
        => Source(new HuggingFaceOptions { Endpoint = endpoint, Token = token });

    private HuggingFaceSource Source(HuggingFaceOptions options)
        => new(Http(), new HuggingFaceCache(Options.Create(options)), Options.Create(options), new LineLogger<HuggingFaceSource>());

    private SourceHttp Http() => new(Options.Create(_http), _time, _log);
}
