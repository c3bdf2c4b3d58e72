using Granary.Serving.Models;
using Granary.Serving.Tests.Sources;
using Granary.Serving.Tests.Support;
using Granary.Serving.Weights;

namespace Granary.Serving.Tests.Weights;

public sealed class WeightsStoreTests : IAsyncLifetime
{
    private const string Id = "huggingface/o/n:model.pt";
    private readonly StoreFixture _store = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _store.DisposeAsync().AsTask();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task AcquireAsync_NewFile_IsStoredUnderItsHash(bool isLarge)
    {
        var file = _store.Hub.Add("o/n/model.pt", 1_000_000, isLarge);
        using var lease = await _store.AcquireAsync(Id, file.Sha256);

        Assert.Equal(file.Content, await File.ReadAllBytesAsync(lease.Path));
        Assert.Equal((file.Sha256, 1_000_000L, FakeHub.Commit), (lease.Sha256, lease.Length, lease.Revision));
        Assert.Equal(file.Sha256, Assert.Single(_store.Blobs));
        Assert.Empty(_store.Partials);
        Assert.Equal(new WeightsStatistics(0, 1, 1_000_000, 0, 0, 0), _store.Counters.Snapshot());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task AcquireAsync_SecondTime_AsksButDoesNotDownload(bool isLarge)
    {
        _store.Hub.Add("o/n/model.pt", 1000, isLarge);
        (await _store.AcquireAsync(Id)).Dispose();
        var gets = _store.Hub.Gets;
        using var again = await _store.AcquireAsync(Id);

        Assert.Equal(gets, _store.Hub.Gets);
        Assert.Equal(2, _store.Hub.Hub.Count("HEAD"));
        Assert.Equal(1, _store.Counters.Snapshot().Hits);
    }

    [Fact]
    public async Task AcquireAsync_SameContentUnderAnotherId_IsNotDownloadedAgain()
    {
        var file = _store.Hub.Add("o/n/model.pt", 1000);
        _store.Hub.Files["x/y/copy.pt"] = file;
        (await _store.AcquireAsync(Id)).Dispose();
        var gets = _store.Hub.Gets;
        using var lease = await _store.AcquireAsync("huggingface/x/y:copy.pt");

        Assert.Equal(gets, _store.Hub.Gets);
        Assert.Equal(2, _store.Refs.Length);
    }

    [Fact]
    public async Task AcquireAsync_HashKnownOrRevisionPinned_AsksNobody()
    {
        var file = _store.Hub.Add("o/n/model.pt", 1000);
        var pinned = $"huggingface/o/n/{FakeHub.Commit}:model.pt";
        (await _store.AcquireAsync(pinned)).Dispose();
        var asked = _store.Hub.Hub.Requests.Count;
        using var byRevision = await _store.AcquireAsync(pinned);
        using var byHash = await _store.AcquireAsync(Id, file.Sha256);

        Assert.Equal(asked, _store.Hub.Hub.Requests.Count);
        Assert.Equal((FakeHub.Commit, file.Sha256), (byRevision.Revision, byHash.Sha256));
    }

    [Fact]
    public async Task AcquireAsync_FileChangedUpstream_IsFetchedAnewAndBothStay()
    {
        var file = _store.Hub.Add("o/n/model.pt", 1000);
        var first = await _store.AcquireAsync(Id);
        file.Content = [1, 2, 3];
        using var second = await _store.AcquireAsync(Id);

        Assert.Equal([1, 2, 3], await File.ReadAllBytesAsync(second.Path));
        Assert.Equal(1000, new FileInfo(first.Path).Length);
        first.Dispose();
    }

    [Fact]
    public async Task AcquireAsync_HubDownOrOffline_UsesTheStoredCopy()
    {
        var file = _store.Hub.Add("o/n/model.pt", 1000);
        (await _store.AcquireAsync(Id)).Dispose();

        _store.Hub.Tamper = static (_, _) => FakeHub.Error(503);
        using (var lease = await _store.AcquireAsync(Id))
            Assert.Equal(file.Sha256, lease.Sha256);
        _store.HuggingFace.Offline = true;
        using (var lease = await _store.AcquireAsync(Id))
            Assert.Equal(file.Sha256, lease.Sha256);

        Assert.Contains(_store.Log.Lines, static line => line.EndsWith("using the copy in the weights store", StringComparison.Ordinal));
        await Raises.ServingAsync(ServingError.SourceFailed, () => _store.AcquireAsync("huggingface/o/n:other.pt"));
    }

    [Fact]
    public async Task AcquireAsync_AccessRevoked_DoesNotServeTheStoredCopy()
    {
        _store.Hub.Add("o/n/model.pt", 1000);
        (await _store.AcquireAsync(Id)).Dispose();
        _store.Hub.Tamper = static (_, _) => FakeHub.Error(403);

        await Raises.ServingAsync(ServingError.PermissionDenied, () => _store.AcquireAsync(Id));
    }

    [Theory]
    [InlineData(true, "SHA-256", 64)]
    [InlineData(false, "git SHA-1", 40)]
    public async Task AcquireAsync_HashOtherThanAnnounced_IsDiscardedNamingBoth(bool isLarge, string kind, int digits)
    {
        var file = _store.Hub.Add("o/n/model.pt", 1000, isLarge);
        var truth = file.Hash;
        file.AnnouncedHash = new string('0', digits);
        var message = await Raises.ServingAsync(ServingError.SourceFailed, () => _store.AcquireAsync(Id));

        Assert.Equal($"'{Id}' has the {kind} {truth}, its source announced {file.AnnouncedHash}; it is not used", message);
        Assert.Empty(_store.Blobs);
        Assert.Empty(_store.Partials);
    }

    [Fact]
    public async Task AcquireAsync_HashOtherThanDemanded_FailsBeforeTheDownload()
    {
        var file = _store.Hub.Add("o/n/model.pt", 1000);
        var demanded = new string('1', 64);
        var message = await Raises.ServingAsync(ServingError.SourceFailed, () => _store.AcquireAsync(Id, demanded));

        Assert.Equal($"'{Id}' has the SHA-256 {file.Sha256}, the definition demands {demanded}; it is not used", message);
        Assert.Equal(0, _store.Hub.Gets);
    }

    [Fact]
    public async Task AcquireAsync_UnannouncedHashOtherThanDemanded_IsDiscarded()
    {
        var file = _store.Hub.Add("o/n/model.pt", 1000, isLarge: false);
        await Raises.ServingAsync(ServingError.SourceFailed, () => _store.AcquireAsync(Id, new string('1', 64)));

        Assert.Equal(1, _store.Hub.Gets);
        Assert.Empty(_store.Blobs);
        Assert.Empty(_store.Partials);
        using var lease = await _store.AcquireAsync(Id, file.Sha256);
        Assert.Equal(file.Sha256, lease.Sha256);
    }

    [Fact]
    public async Task AcquireAsync_LargerThanThePolicyAllows_IsTooLargeUnlessTrusted()
    {
        _store.Hub.Add("o/n/model.pt", 1001);
        _store.Policy.MaxFileBytes = 1000;
        var message = await Raises.ServingAsync(ServingError.TooLarge, () => _store.AcquireAsync(Id));

        Assert.Equal($"'{Id}' has at least 1,001 bytes, at most 1,000 are allowed (SourcePolicy:MaxFileBytes)", message);
        Assert.Equal(0, _store.Hub.Gets);
        using var lease = await _store.AcquireAsync(Id, trusted: true);
        Assert.Equal(1001, lease.Length);
    }

    [Fact]
    public async Task AcquireAsync_LengthUnknownAndTooLarge_IsBrokenOff()
    {
        _store.Hub.Add("o/n/model.pt", 3_000_000, isLarge: false);
        _store.Policy.MaxFileBytes = 1_000_000;
        _store.Hub.Tamper = static (_, response) =>
        {
            response.DeclaredLength = -1;
            return response;
        };

        await Raises.ServingAsync(ServingError.TooLarge, () => _store.AcquireAsync(Id));
        Assert.Empty(_store.Partials);
        Assert.InRange(_store.Counters.Snapshot().DownloadedBytes, 1_000_001, 2_999_999);
    }

    [Fact]
    public async Task AcquireAsync_RefusedBeforeTheFirstByte_LeavesNothing()
    {
        _store.Hub.Add("o/n/model.pt", 1000);
        _store.Hub.Tamper = static (request, response) => request.Method == "GET" ? FakeHub.Error(403) : response;

        await Raises.ServingAsync(ServingError.PermissionDenied, () => _store.AcquireAsync(Id));
        Assert.Empty(_store.Partials);
    }

    [Fact]
    public async Task AcquireAsync_DeniedByPolicy_AsksNobody()
    {
        _store.Policy.AllowedOwners[ModelSourceKind.HuggingFace] = ["somebody-else"];
        await Raises.ServingAsync(ServingError.PermissionDenied, () => _store.AcquireAsync(Id));
        Assert.Empty(_store.Hub.Hub.Requests);
    }

    [Theory]
    [InlineData("arweave/o/n:f")]
    [InlineData("blob/c/f")]
    public async Task AcquireAsync_SourceWithoutImplementation_IsUnsupported(string id)
        => Assert.Contains("it knows: local, huggingface", await Raises.ServingAsync(ServingError.Unsupported, () => _store.AcquireAsync(id)), StringComparison.Ordinal);

    [Fact]
    public async Task AcquireAsync_LocalFile_IsUsedInPlaceAndHashedAgainWhenItChanges()
    {
        var path = _store.Temp.File("models/a.pt", "one");
        _store.Local.Roots = [Path.Combine(_store.Temp.Path, "models")];
        var store = _store.Open();
        var id = ModelIdParser.Parse("local/a.pt");
        using var first = await store.AcquireAsync(id, default);
        await File.WriteAllTextAsync(path, "other");
        using var second = await store.AcquireAsync(id, default);

        Assert.Equal((path, path), (first.Path, second.Path));
        Assert.Equal("7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed", first.Sha256);
        Assert.Equal("d9298a10d1b0735837dc4bd85dac641b0f3cef27a47e5d53a54f2f3f5b2fcffa", second.Sha256);
        Assert.Empty(_store.Blobs);
        await Raises.ServingAsync(ServingError.SourceFailed, () => store.AcquireAsync(id, new WeightsRequest(first.Sha256, false)));
    }

    [Fact]
    public async Task AcquireAsync_DamagedBlob_IsFetchedAnew()
    {
        var file = _store.Hub.Add("o/n/model.pt", 1000);
        string path;
        using (var lease = await _store.AcquireAsync(Id))
            path = lease.Path;
        await File.WriteAllBytesAsync(path, [0]);
        using var again = await _store.AcquireAsync(Id);

        Assert.Equal(file.Content, await File.ReadAllBytesAsync(again.Path));
    }

    [Fact]
    public async Task Open_Leftovers_AreDeletedWhenOld()
    {
        _store.Hub.Add("o/n/model.pt", 10);
        (await _store.AcquireAsync(Id)).Dispose();
        var old = _store.Temp.File("store/partial/old.part");
        var temporary = _store.Temp.File("store/refs/x.json.1.tmp");
        _store.Temp.File("store/partial/new.part");
        File.SetLastWriteTimeUtc(old, DateTime.UtcNow.AddDays(-8));
        File.SetLastWriteTimeUtc(temporary, DateTime.UtcNow.AddHours(-2));
        _store.Open();

        Assert.Equal(["new.part"], _store.Partials);
        Assert.Single(_store.Refs);
        Assert.Single(_store.Blobs);
    }
}
