using System.Net;
using System.Security.Cryptography;
using System.Text;
using Granary.Serving.Sources.Urls;
using Granary.Serving.Tests.Support;

namespace Granary.Serving.Tests.Sources.Urls;

/// <summary>CVE-2023-43654 and its kind: what a registration may make this service fetch.</summary>
public sealed class UrlDownloaderTests : IAsyncLifetime
{
    private static readonly byte[] Content = Encoding.UTF8.GetBytes("an archive");
    private static readonly string Hash = Convert.ToHexStringLower(SHA256.HashData(Content));
    private readonly FakeServer _server = new();
    private readonly TempDirectory _folder = new();

    private string Target => Path.Combine(_folder.Path, "model.mar");

    public Task InitializeAsync()
    {
        _server.Handler = static request => request.Path switch
        {
            "/model.mar" => new FakeResponse { Body = Content },
            _ => new FakeResponse { Status = 404 },
        };
        return Task.CompletedTask;
    }

    public async Task DisposeAsync()
    {
        await _server.DisposeAsync();
        _folder.Dispose();
    }

    // 127.0.0.1, where the server is, stands for the world, and every other address for the inside.
    private UrlDownloader Create(UrlDownloadOptions? options = null, params string[] allowed) =>
        new(new UrlRules(allowed.Length > 0 ? allowed : ["http://.*"]), options ?? new UrlDownloadOptions(), static address => address.Equals(IPAddress.Loopback));

    private async Task<ServingException> RefusedAsync(string url, UrlDownloader downloader, string? sha256 = null)
    {
        using (downloader)
        {
            var exception = await Assert.ThrowsAsync<ServingException>(() => downloader.DownloadAsync(new Uri(url), Target, sha256, CancellationToken.None));
            // Nothing is left behind.
            Assert.Empty(Directory.GetFileSystemEntries(_folder.Path));
            return exception;
        }
    }

    private FakeResponse Redirect(string location, int status = 302)
    {
        var response = new FakeResponse { Status = status };
        response.Headers["Location"] = location;
        return response;
    }

    [Fact]
    public async Task Download_AnAllowedUrl_PutsTheFileInPlace()
    {
        using var downloader = Create();
        await downloader.DownloadAsync(new Uri($"{_server.Address}/model.mar"), Target, Hash, CancellationToken.None);
        Assert.Equal(Content, File.ReadAllBytes(Target));
        Assert.Equal([Target], Directory.GetFileSystemEntries(_folder.Path));
    }

    [Theory]
    [InlineData(301)]
    [InlineData(302)]
    [InlineData(303)]
    [InlineData(307)]
    [InlineData(308)]
    public async Task Download_ARedirect_IsFollowed(int status)
    {
        _server.Handler = request => request.Path == "/model.mar" ? new FakeResponse { Body = Content } : Redirect("/model.mar", status);
        using var downloader = Create();
        await downloader.DownloadAsync(new Uri($"{_server.Address}/moved"), Target, null, CancellationToken.None);
        Assert.Equal(Content, File.ReadAllBytes(Target));
    }

    [Theory]
    [InlineData("http://127.0.0.1:1/m.mar")]
    [InlineData("http://localhost/m.mar")]
    [InlineData("http://[::1]/m.mar")]
    [InlineData("http://[::ffff:127.0.0.1]/m.mar")]
    [InlineData("http://2130706433/m.mar")]
    [InlineData("http://0x7f.1/m.mar")]
    [InlineData("http://169.254.169.254/latest/meta-data/m.mar")]
    [InlineData("http://10.0.0.1/m.mar")]
    [InlineData("http://0.0.0.0/m.mar")]
    public async Task Download_AnAddressOfThisNetwork_IsRefusedThoughTheRuleAllowsIt(string url)
    {
        var downloader = new UrlDownloader(new UrlRules([".*"]), new UrlDownloadOptions());
        var exception = await RefusedAsync(url, downloader);
        Assert.Equal(ServingError.PermissionDenied, exception.Error);
        Assert.Contains("private, loopback or reserved", exception.Message);
    }

    [Fact]
    public async Task Download_ARedirectToAnAddressInside_IsRefusedAndNotConnected()
    {
        var inside = _server.Address.Replace("127.0.0.1", "127.0.0.2", StringComparison.Ordinal);
        _server.Handler = _ => Redirect($"{inside}/secret");
        var exception = await RefusedAsync($"{_server.Address}/m.mar", Create());
        Assert.Equal(ServingError.PermissionDenied, exception.Error);
        Assert.Single(_server.Requests);
    }

    [Fact]
    public async Task Download_ARedirectToAnUrlThatNoRuleAllows_IsRefused()
    {
        _server.Handler = request => request.Path == "/allowed" ? Redirect("/other") : new FakeResponse { Body = Content };
        var exception = await RefusedAsync($"{_server.Address}/allowed", Create(null, ".*/allowed"));
        Assert.Equal(ServingError.PermissionDenied, exception.Error);
        Assert.Contains("/other does not match any allowed URL(s)", exception.Message);
        Assert.Single(_server.Requests);
    }

    [Theory]
    [InlineData("file:///etc/passwd")]
    [InlineData("ftp://127.0.0.1/m.mar")]
    [InlineData("gopher://127.0.0.1/m.mar")]
    public async Task Download_AnotherScheme_IsRefused(string url)
    {
        using (var first = Create(null, ".*"))
            Assert.Equal(ServingError.PermissionDenied, (await Assert.ThrowsAsync<ServingException>(() => first.DownloadAsync(new Uri(url), Target, null, CancellationToken.None))).Error);
        _server.Handler = _ => Redirect(url);
        Assert.Equal(ServingError.PermissionDenied, (await RefusedAsync($"{_server.Address}/m.mar", Create(null, ".*"))).Error);
    }

    [Fact]
    public async Task Download_AUserName_IsRefusedAndNotShown()
    {
        var url = _server.Address.Replace("http://", "http://user:secret@", StringComparison.Ordinal) + "/model.mar?token=hidden";
        Assert.DoesNotContain("secret", (await RefusedAsync(url, Create(null, ".*"))).Message);
        Assert.DoesNotContain("hidden", (await RefusedAsync(url, Create(null, "nothing"))).Message);
    }

    [Fact]
    public async Task Download_RedirectsInACircle_End()
    {
        _server.Handler = _ => Redirect("/again");
        Assert.Equal(ServingError.SourceFailed, (await RefusedAsync($"{_server.Address}/again", Create())).Error);
        Assert.Equal(6, _server.Requests.Count);
    }

    [Fact]
    public async Task Download_WrongHash_IsRefused() =>
        Assert.Contains("not 00", (await RefusedAsync($"{_server.Address}/model.mar", Create(), new string('0', 64))).Message);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Download_TooLong_IsRefused(bool announced)
    {
        _server.Handler = _ => new FakeResponse { Body = new byte[2000], DeclaredLength = announced ? null : -1 };
        Assert.Equal(ServingError.TooLarge, (await RefusedAsync($"{_server.Address}/model.mar", Create(new UrlDownloadOptions { MaxBytes = 1999 }))).Error);
    }

    [Fact]
    public async Task Download_CutOff_IsRefused()
    {
        _server.Handler = _ => new FakeResponse { Body = Content, StopAfter = 5 };
        Assert.Equal(ServingError.SourceFailed, (await RefusedAsync($"{_server.Address}/model.mar", Create())).Error);
    }

    [Theory]
    [InlineData(404)]
    [InlineData(500)]
    [InlineData(302)]
    public async Task Download_AnErrorOrARedirectToNowhere_IsRefused(int status)
    {
        _server.Handler = _ => new FakeResponse { Status = status };
        Assert.Equal(ServingError.SourceFailed, (await RefusedAsync($"{_server.Address}/model.mar", Create())).Error);
    }

    [Fact]
    public async Task Download_TheFileIsThere_IsRefusedAndTheFileStays()
    {
        File.WriteAllText(Target, "mine");
        using var downloader = Create();
        var exception = await Assert.ThrowsAsync<ServingException>(() => downloader.DownloadAsync(new Uri($"{_server.Address}/model.mar"), Target, null, CancellationToken.None));
        Assert.Equal((ServingError.AlreadyExists, "Model file already exists model.mar"), (exception.Error, exception.Message));
        Assert.Equal("mine", File.ReadAllText(Target));
        Assert.Empty(_server.Requests);
    }

    [Fact]
    public async Task Download_CancelledInTheMiddle_LeavesNothing()
    {
        using var stop = new CancellationTokenSource();
        _server.Handler = _ => new FakeResponse { Body = new byte[100_000], StopAfter = 1000, Gate = Task.Delay(Timeout.Infinite, stop.Token) };
        using var downloader = Create();
        var download = downloader.DownloadAsync(new Uri($"{_server.Address}/model.mar"), Target, null, stop.Token);
        await _server.Stopped.WaitAsync();
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => download);
        Assert.Empty(Directory.GetFileSystemEntries(_folder.Path));
    }
}
