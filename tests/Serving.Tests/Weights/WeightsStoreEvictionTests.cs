using Granary.Serving.Tests.Support;

namespace Granary.Serving.Tests.Weights;

public sealed class WeightsStoreEvictionTests : IAsyncLifetime
{
    private readonly StoreFixture _store = new();
    private readonly ManualTimeProvider _time = new();

    public WeightsStoreEvictionTests()
    {
        _store.Time = _time;
        _store.Options.MaxStoreBytes = 2500;
        foreach (var name in (string[])["a", "b", "c"])
            _store.Hub.Add($"o/n/{name}", 1000 + name[0]);
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _store.DisposeAsync().AsTask();

    [Fact]
    public async Task AcquireAsync_StoreFull_EvictsTheLeastRecentlyUsed()
    {
        await UseAsync("a");
        await UseAsync("b");
        await UseAsync("a");
        await UseAsync("c");

        Assert.Equal(Hashes("a", "c"), _store.Blobs.Order());
        Assert.Equal(2, _store.Refs.Length);
        Assert.Equal(1, _store.Counters.Snapshot().Evictions);
    }

    [Fact]
    public async Task AcquireAsync_OldestIsLeased_EvictsAnother()
    {
        using var held = await _store.AcquireAsync("huggingface/o/n:a");
        _time.Advance(TimeSpan.FromMinutes(1));
        await UseAsync("b");
        await UseAsync("c");

        Assert.Equal(Hashes("a", "c"), _store.Blobs.Order());
        Assert.True(File.Exists(held.Path));
    }

    [Fact]
    public async Task AcquireAsync_EverythingIsLeased_IsOverloadedUntilALeaseEnds()
    {
        var first = await _store.AcquireAsync("huggingface/o/n:a");
        using var second = await _store.AcquireAsync("huggingface/o/n:b");
        var message = await Raises.ServingAsync(ServingError.Overloaded, () => _store.AcquireAsync("huggingface/o/n:c"));
        Assert.StartsWith("no room for 'huggingface/o/n:c': 1,099 bytes are needed, 794 more than the weights store can free", message, StringComparison.Ordinal);

        first.Dispose();
        await UseAsync("c");
        Assert.Equal(Hashes("b", "c"), _store.Blobs.Order());
    }

    [Fact]
    public async Task AcquireAsync_BrokenDownloadTakesTheRoom_IsEvictedToo()
    {
        _store.Temp.File("store/partial/broken.part", new string('x', 2000));
        await UseAsync("a");

        Assert.Empty(_store.Partials);
        Assert.Equal(Hashes("a"), _store.Blobs);
    }

    [Fact]
    public async Task AcquireAsync_LargerThanTheStore_IsTooLargeAndEvictsNothing()
    {
        await UseAsync("a");
        _store.Hub.Add("o/n/huge", 2501);
        var message = await Raises.ServingAsync(ServingError.TooLarge, () => _store.AcquireAsync("huggingface/o/n:huge"));

        Assert.Equal("'huggingface/o/n:huge' needs 2,501 bytes, the weights store may have 2,500 (Weights:MaxStoreBytes)", message);
        Assert.Equal(Hashes("a"), _store.Blobs);
    }

    [Fact]
    public async Task AcquireAsync_DiskReserve_IsKept()
    {
        _store.Options.MinFreeBytes = long.MaxValue / 2;
        await Raises.ServingAsync(ServingError.Overloaded, () => _store.AcquireAsync("huggingface/o/n:a"));
        Assert.Empty(_store.Blobs);
    }

    private async Task UseAsync(string name)
    {
        var lease = await _store.AcquireAsync($"huggingface/o/n:{name}");
        lease.Dispose();
        // Whoever fetched it lets go on a thread of its own, and marks the file as used when it does: not after the next one.
        while (IsHeld(lease.Path))
            await Task.Delay(1);
        _time.Advance(TimeSpan.FromMinutes(1));
    }

    private static bool IsHeld(string path)
    {
        try
        {
            File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.None).Dispose();
            return false;
        }
        catch (IOException)
        {
            return true;
        }
    }

    private IEnumerable<string> Hashes(params string[] names) => names.Select(name => _store.Hub.Files[$"o/n/{name}"].Sha256).Order();
}
