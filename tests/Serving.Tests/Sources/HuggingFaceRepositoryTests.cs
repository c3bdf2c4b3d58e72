using System.Text;
using Granary.Serving.Models;
using Granary.Serving.Sources;
using Granary.Serving.Tests.Support;
using Granary.Serving.Tests.Weights;
using Microsoft.Extensions.Options;

namespace Granary.Serving.Tests.Sources;

/// <summary>Repositories: manifests, listings, and the cache of the hub's own tools.</summary>
public sealed class HuggingFaceRepositoryTests : IAsyncLifetime
{
    private readonly StoreFixture _store = new();

    private FakeHub Hub => _store.Hub;

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _store.DisposeAsync().AsTask();

    [Fact]
    public async Task ResolveAsync_RepositoryWithOneModel_TakesItAtTheCommitOfTheListing()
    {
        var file = Hub.Add("o/n/net.torch", 1000);
        Hub.Add("o/n/readme.md", 10, isLarge: false);
        Hub.Add("o/n/onnx/model.pt", 10);
        var resolved = (RemoteSourceFile)await ResolveAsync("huggingface/o/n");

        Assert.Equal((FakeHub.Commit, file.Sha256), (resolved.Revision, resolved.Sha256));
        Assert.Equal(["/api/models/o/n/revision/main", $"/o/n/resolve/{FakeHub.Commit}/net.torch"], Hub.Hub.Requests.Select(static request => request.Path));
    }

    [Fact]
    public async Task ResolveAsync_RevisionWithoutAFile_IsTheRevisionThatIsListed()
    {
        Hub.Add("o/n/net.torch", 1000);
        await ResolveAsync("huggingface/o/n/refs/pr/1");

        Assert.Equal("/api/models/o/n/revision/refs%2Fpr%2F1", Hub.Hub.Requests.First().Path);
    }

    [Fact]
    public async Task ResolveAsync_SeveralModels_NamesThem()
    {
        Hub.Add("o/n/b.pt", 10);
        Hub.Add("o/n/a.torch", 10);

        Assert.EndsWith("(in it: a.torch, b.pt)", await Raises.ServingAsync(ServingError.NotFound, () => ResolveAsync("huggingface/o/n")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("huggingface/x/n", "no repository 'x/n'")]
    [InlineData("huggingface/o/n/v9", "has no revision 'v9'")]
    public async Task ResolveAsync_MissingRepository_SaysWhatIsMissing(string id, string expected)
    {
        Hub.Add("o/n/a.pt", 10);
        Assert.Contains(expected, await Raises.ServingAsync(ServingError.NotFound, () => ResolveAsync(id)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ResolveAsync_ListingThatIsNone_IsSourceFailed()
    {
        Hub.Add("o/n/a.pt", 10);
        Hub.Tamper = static (_, _) => new FakeResponse { Body = "<html>"u8.ToArray() };

        Assert.Contains("listing of 'o/n' that is not as expected", await Raises.ServingAsync(ServingError.SourceFailed, () => ResolveAsync("huggingface/o/n")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AcquireAsync_ManifestChoosesTheFile_AndItsHashIsDemanded()
    {
        var file = Hub.Add("o/n/b.pt", 1000, isLarge: false);
        Hub.Add("o/n/a.pt", 1000, isLarge: false);
        Manifest($$"""{"files": ["b.pt"], "file_hashes": {"b.pt": "{{file.Sha256}}"} }""");
        using var lease = await _store.AcquireAsync("huggingface/o/n");

        Assert.Equal((file.Sha256, FakeHub.Commit), (lease.Sha256, lease.Revision));
    }

    [Theory]
    [InlineData(true, "has the SHA-256", "the ritual_manifest.json of its repository demands")]
    [InlineData(false, "has the SHA-256", "its source announced")]
    public async Task AcquireAsync_ManifestDemandsAnotherHash_IsNotUsed(bool isLarge, string actual, string demanded)
    {
        Hub.Add("o/n/a.pt", 1000, isLarge);
        Manifest($$"""{"files": ["a.pt"], "file_hashes": {"a.pt": "{{new string('0', 64)}}"} }""");

        foreach (var id in (string[])["huggingface/o/n", "huggingface/o/n:a.pt"])
        {
            var message = await Raises.ServingAsync(ServingError.SourceFailed, () => _store.AcquireAsync(id));
            Assert.Contains(actual, message, StringComparison.Ordinal);
            Assert.Contains($"{demanded} {new string('0', 64)}", message, StringComparison.Ordinal);
        }

        Assert.Empty(_store.Blobs);
    }

    [Fact]
    public async Task ResolveAsync_HubCacheHasTheCommit_IsUsedInPlace()
    {
        var file = Hub.Add("o/n/a.pt", 1000);
        var path = Cache("o", "n", "main", "a.pt", file.Content);
        using var lease = await _store.AcquireAsync("huggingface/o/n:a.pt");

        Assert.Equal((path, file.Sha256, FakeHub.Commit), (lease.Path, lease.Sha256, lease.Revision));
        Assert.Empty(Hub.Cdn.Requests);
    }

    [Fact]
    public async Task AcquireAsync_HubCacheIsDamaged_IsNotUsed()
    {
        var file = Hub.Add("o/n/a.pt", 1000);
        var path = Cache("o", "n", "main", "a.pt", file.Content);
        await File.WriteAllBytesAsync(path, new byte[1000]);

        Assert.Contains("it is not used", await Raises.ServingAsync(ServingError.SourceFailed, () => _store.AcquireAsync("huggingface/o/n:a.pt")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("huggingface/o/n")]
    [InlineData("huggingface/o/n:a.pt")]
    [InlineData("huggingface/o/n/main:a.pt")]
    [InlineData("huggingface/o/n/0123456789abcdef0123456789abcdef01234567:a.pt")]
    public async Task ResolveAsync_Offline_UsesTheHubCache(string id)
    {
        var path = Cache("o", "n", "main", "a.pt", [1, 2, 3]);
        _store.HuggingFace.Offline = true;
        using var lease = await _store.AcquireAsync(id);

        Assert.Equal((path, FakeHub.Commit), (lease.Path, lease.Revision));
        Assert.Empty(Hub.Hub.Requests);
    }

    [Theory]
    [InlineData("huggingface/o/n/v1:a.pt")]
    [InlineData("huggingface/o/n:b.pt")]
    [InlineData("huggingface/o/other:a.pt")]
    public async Task ResolveAsync_OfflineAndNotCached_SaysSo(string id)
    {
        Cache("o", "n", "main", "a.pt", [1, 2, 3]);
        _store.HuggingFace.Offline = true;

        Assert.Contains("HF_HUB_OFFLINE", await Raises.ServingAsync(ServingError.SourceFailed, () => _store.AcquireAsync(id)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ResolveAsync_HubDown_UsesTheHubCache()
    {
        var path = Cache("o", "n", "main", "a.pt", [1, 2, 3]);
        Hub.Tamper = static (_, _) => FakeHub.Error(503);
        using var lease = await _store.AcquireAsync("huggingface/o/n:a.pt");

        Assert.Equal(path, lease.Path);
    }

    [Fact]
    public async Task ResolveAsync_LinkOutOfTheRepository_IsDenied()
    {
        Cache("o", "n", "main", "a.pt", [1, 2, 3]);
        var link = Path.Combine(CachePath, "models--o--n", "snapshots", FakeHub.Commit, "b.pt");
        File.CreateSymbolicLink(link, _store.Temp.File("secret.pt"));
        _store.HuggingFace.Offline = true;

        await Raises.ServingAsync(ServingError.PermissionDenied, () => _store.AcquireAsync("huggingface/o/n:b.pt"));
    }

    private string CachePath => Path.Combine(_store.Temp.Path, "hub");

    private void Manifest(string json) => Hub.Files["o/n/ritual_manifest.json"] = new HubFile(Encoding.UTF8.GetBytes(json), isLarge: false);

    // As the hub's tools write it: snapshots hold links to blobs that are called by their hash.
    private string Cache(string owner, string name, string revision, string file, byte[] content)
    {
        var repository = Path.Combine(CachePath, $"models--{owner}--{name}");
        var blob = Path.Combine(repository, "blobs", new HubFile(content, isLarge: true).Sha256);
        foreach (var directory in (string[])["blobs", "refs", $"snapshots/{FakeHub.Commit}"])
            Directory.CreateDirectory(Path.Combine(repository, directory));
        File.WriteAllText(Path.Combine(repository, "refs", revision), FakeHub.Commit);
        File.WriteAllBytes(blob, content);
        File.CreateSymbolicLink(Path.Combine(repository, "snapshots", FakeHub.Commit, file), $"../../blobs/{Path.GetFileName(blob)}");
        _store.HuggingFace.HubCache = CachePath;
        return blob;
    }

    private Task<SourceFile> ResolveAsync(string id)
    {
        _store.HuggingFace.Endpoint = Hub.Hub.Address;
        var options = Options.Create(_store.HuggingFace);
        var http = new SourceHttp(Options.Create(new SourceHttpOptions()), TimeProvider.System, new LineLogger<SourceHttp>());
        return new HuggingFaceSource(http, new HuggingFaceCache(options), options, new LineLogger<HuggingFaceSource>())
            .ResolveAsync(ModelIdParser.Parse(id), trusted: false, CancellationToken.None);
    }
}
