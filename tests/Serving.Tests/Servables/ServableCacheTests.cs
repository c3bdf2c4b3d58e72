using Granary.Serving.Clusters;
using Granary.Serving.Models;
using Granary.Serving.Servables;
using Granary.Serving.Tests.Support;
using Granary.Torch;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using NSubstitute;

namespace Granary.Serving.Tests.Servables;

public sealed class ServableCacheTests
{
    private readonly IModelCluster _cluster = Substitute.For<IModelCluster>();
    private readonly IModelCatalog _catalog = Substitute.For<IModelCatalog>();
    private readonly List<string> _loaded = [];
    private readonly List<string> _unloaded = [];
    private readonly ManualTimeProvider _time = new();

    public ServableCacheTests()
    {
        _cluster.GetStatusAsync(default).ReturnsForAnyArgs(static call => new(new ModelStatus { Key = call.Arg<ModelKey>(), State = ModelState.Unloaded }));
        _cluster.LoadAsync(default).ReturnsForAnyArgs(call =>
        {
            lock (_loaded)
                _loaded.Add(call.Arg<ModelKey>().Name);
            return new(Ready(call.Arg<ModelKey>()));
        });
        _cluster.UnloadAsync(default).ReturnsForAnyArgs(call =>
        {
            lock (_unloaded)
                _unloaded.Add(call.Arg<ModelKey>().Name);
            return new(true);
        });
    }

    [Theory]
    [InlineData(3, 2, 4, "")]
    [InlineData(3, 2, 5, "0 1")]
    [InlineData(3, 2, 6, "0 1")]
    [InlineData(3, 2, 7, "0 1 2 3")]
    [InlineData(2, 0, 3, "0")]
    [InlineData(2, 0, 4, "0 1")]
    [InlineData(1, 1, 2, "0")]
    [InlineData(0, 0, 50, "")]
    public async Task Get_OneAfterAnother_UnloadsTheOldestWhenCapacityAndBufferAreFull(int capacity, int buffer, int models, string unloaded)
    {
        var cache = Cache(capacity, buffer);
        for (var i = 0; i < models; i++)
            await cache.GetAsync(ServableIdentifier.Parse($"m/{i}.pt"), default);
        await cache.Leaving;
        Assert.Equal(unloaded.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(static number => $"local/m/{number}.pt"), _unloaded.Order(StringComparer.Ordinal));
        Assert.Equal(models - _unloaded.Count, cache.Kept.Count);
    }

    [Fact]
    public async Task TryGet_Again_IsTheSameAndCountsAsAUse()
    {
        var cache = Cache(2, 1);
        var first = ServableIdentifier.Parse("a/1.pt");
        var servable = await cache.GetAsync(first, default);
        await cache.GetAsync(ServableIdentifier.Parse("a/2.pt"), default);
        Assert.Same(servable, cache.TryGet(first));
        await cache.GetAsync(ServableIdentifier.Parse("a/3.pt"), default);
        await cache.Leaving;
        Assert.Equal(["local/a/2.pt"], _unloaded);
        Assert.Equal(["local/a/1.pt", "local/a/2.pt", "local/a/3.pt"], _loaded);
    }

    [Fact]
    public async Task Get_PinnedModel_StaysInMemoryThoughNotCounted()
    {
        _cluster.GetStatusAsync(default).ReturnsForAnyArgs(static call => new(new ModelStatus { Key = call.Arg<ModelKey>(), State = ModelState.Unloaded, Pinned = true }));
        var cache = Cache(1, 0);
        await cache.GetAsync(ServableIdentifier.Parse("a/1.pt"), default);
        await cache.GetAsync(ServableIdentifier.Parse("a/2.pt"), default);
        await cache.Leaving;
        Assert.Empty(_unloaded);
        Assert.Single(cache.Kept);
    }

    [Fact]
    public async Task Get_SameFileByTwoNames_IsOne()
    {
        var cache = Cache(10, 3);
        var servable = await cache.GetAsync(ServableIdentifier.Parse("a/1.pt"), default);
        Assert.Same(servable, await cache.GetAsync(ServableIdentifier.Parse("./a//1.pt"), default));
        Assert.Equal(["local/a/1.pt"], _loaded);
    }

    [Fact]
    public async Task Get_NameThatEntersTheCatalog_IsTheCatalogsFromThenOn()
    {
        var cache = Cache(10, 3);
        var identifier = ServableIdentifier.Parse("model");
        Assert.Equal("local/model", (await cache.GetAsync(identifier, default)).Key.Name);
        var definition = new ModelDefinition { Name = "model", Version = "1", Source = ModelIdParser.Parse("local/x"), Inputs = [new TensorSpec("x", DType.Int64, [-1])] };
        _catalog.FindAsync("model").Returns(new ValueTask<CatalogModel?>(new CatalogModel("model", "1", [definition])));
        Assert.Null(cache.TryGet(identifier));
        var registered = await cache.GetAsync(identifier, default);
        Assert.Equal(new ModelKey("model", "1"), registered.Key);
        Assert.Equal(DType.Int64, registered.Signature.Arguments[0].DType);
        Assert.Same(registered, cache.TryGet(identifier));
    }

    [Fact]
    public async Task Get_LoadThatFails_KeepsNothingAndIsTriedAgainAtOnceForFiles()
    {
        var cache = Cache(10, 3);
        _cluster.LoadAsync(default).ReturnsForAnyArgs<ValueTask<ModelStatus>>(static _ => throw new ServingException(ServingError.NotFound, "no such file"), static call => new(Ready(call.Arg<ModelKey>())));
        var identifier = ServableIdentifier.Parse("a/1.pt");
        Assert.Equal(ServingError.NotFound, (await Assert.ThrowsAsync<ServingException>(async () => await cache.GetAsync(identifier, default))).Error);
        Assert.Empty(cache.Kept);
        Assert.NotNull(await cache.GetAsync(identifier, default));
    }

    [Fact]
    public async Task Get_RemoteThatFailed_IsAskedAgainOnlyAfterAPause()
    {
        var cache = Cache(10, 3);
        _cluster.LoadAsync(default).ReturnsForAnyArgs<ValueTask<ModelStatus>>(static _ => throw new ServingException(ServingError.SourceFailed, "no answer"), static call => new(Ready(call.Arg<ModelKey>())));
        var identifier = ServableIdentifier.Parse("huggingface/owner/name:model.pt");
        await Assert.ThrowsAsync<ServingException>(async () => await cache.GetAsync(identifier, default));
        await Assert.ThrowsAsync<ServingException>(async () => await cache.GetAsync(identifier, default));
        _time.Advance(TimeSpan.FromSeconds(5));
        Assert.NotNull(await cache.GetAsync(identifier, default));
    }

    [Fact]
    public async Task Recheck_AfterAFailedCall_ReadsTheSignatureAnewAndUnloadsNothing()
    {
        var cache = Cache(10, 3);
        var identifier = ServableIdentifier.Parse("a/1.pt");
        var servable = await cache.GetAsync(identifier, default);
        cache.Recheck(servable);
        Assert.Null(cache.TryGet(identifier));
        Assert.NotSame(servable, await cache.GetAsync(identifier, default));
        await cache.Leaving;
        Assert.Empty(_unloaded);
        Assert.Single(cache.Kept);
    }

    [Fact]
    public async Task Invalidate_OneOrAll_UnloadsThem()
    {
        var cache = Cache(10, 3);
        foreach (var name in (string[])["a/1.pt", "a/2.pt", "a/3.pt"])
            await cache.GetAsync(ServableIdentifier.Parse(name), default);
        Assert.Equal(["a/2.pt"], await cache.InvalidateAsync("./a/2.pt", default));
        Assert.Equal(["local/a/2.pt"], _unloaded);
        Assert.Equal(["a/1.pt", "a/3.pt"], (await cache.InvalidateAsync(null, default)).Order(StringComparer.Ordinal));
        Assert.Empty(cache.Kept);
        Assert.Equal(3, _unloaded.Count);
        Assert.Empty(await cache.InvalidateAsync("a/1.pt", default));
    }

    private static ModelStatus Ready(ModelKey key) =>
        new() { Key = key, State = ModelState.Ready, Methods = [new MethodSchema("forward", [new ArgumentSchema("x", "Tensor", false, null)], "Tensor")] };

    private ServableCache Cache(int capacity, int buffer) =>
        new(_cluster, _catalog, Options.Create(new ServableCacheOptions { Capacity = capacity, Buffer = buffer }), _time, NullLogger<ServableCache>.Instance);
}
