using Granary.Serving.Models;
using Granary.Serving.Sources;
using Granary.Serving.Sources.Arweave;
using Granary.Serving.Tests.Support;
using Granary.Serving.Weights;
using OptionsOf = Microsoft.Extensions.Options.Options;

namespace Granary.Serving.Tests.Sources.Arweave;

/// <summary>A weights store before two gateways.</summary>
internal sealed class ArweaveFixture : IAsyncDisposable
{
    private readonly TempDirectory _temp = new();
    private readonly Lazy<Gateways> _gateways;

    public ArweaveFixture(Weave weave)
    {
        (First, Second) = (new FakeGateway(weave), new FakeGateway(weave));
        Used = [First, Second];
        Store = new WeightsStoreOptions { Directory = Path.Combine(_temp.Path, "store"), MinFreeBytes = 0, FirstRetryDelay = TimeSpan.FromMilliseconds(1) };
        _gateways = new(() =>
        {
            Options.Gateways = [.. Used.Select(static gateway => gateway.Address)];
            return new Gateways(new SourceHttp(OptionsOf.Create(Http), Time, new LineLogger<SourceHttp>()), OptionsOf.Create(Options), OptionsOf.Create(Http), Time, GatewayLog);
        });
    }

    public FakeGateway First { get; }

    public FakeGateway Second { get; }

    /// <summary>The gateways that are configured, in order.</summary>
    public List<FakeGateway> Used { get; set; }

    public TimeProvider Time { get; set; } = TimeProvider.System;

    public ArweaveOptions Options { get; } = new();

    public SourceHttpOptions Http { get; } = new() { FirstRetryDelay = TimeSpan.FromMilliseconds(1), MaxAttempts = 2 };

    public SourcePolicyOptions Policy { get; } = new();

    public WeightsStoreOptions Store { get; }

    public WeightsCounters Counters { get; } = new();

    public LineLogger<Gateways> GatewayLog { get; } = new();

    public LineLogger<WeightsStore> StoreLog { get; } = new();

    public string[] Blobs => [.. new DirectoryInfo(Path.Combine(Store.Directory, "blobs")).EnumerateFiles().Select(static file => file.Name)];

    public ArweaveSource Source => new(_gateways.Value, OptionsOf.Create(Options), OptionsOf.Create(Policy), new LineLogger<ArweaveSource>());

    public WeightsStore Open() => new(OptionsOf.Create(Store), new SourceRegistry([Source], new InfernetCache(OptionsOf.Create(new LocalSourceOptions()))), new SourcePolicy(OptionsOf.Create(Policy)), Counters, new NoWeightsPeers(), Time, StoreLog);

    /// <summary>Fetches a file and returns what is stored.</summary>
    public async Task<byte[]> FetchAsync(string id, bool trusted = false)
    {
        using var lease = await Open().AcquireAsync(ModelIdParser.Parse(id), new WeightsRequest(null, trusted));
        return await File.ReadAllBytesAsync(lease.Path);
    }

    /// <summary>Asserts that nothing is served, stored or kept, and returns the message.</summary>
    public async Task<string> FetchFailsAsync(ServingError error, string id)
    {
        var message = await Raises.ServingAsync(error, () => FetchAsync(id));
        Assert.Empty(Blobs);
        return message;
    }

    public async ValueTask DisposeAsync()
    {
        _temp.Dispose();
        await First.DisposeAsync();
        await Second.DisposeAsync();
    }
}
