using Granary.Serving.Models;
using Granary.Serving.Sources;
using Granary.Serving.Tests.Sources;
using Granary.Serving.Tests.Support;
using Granary.Serving.Weights;
using OptionsOf = Microsoft.Extensions.Options.Options;

namespace Granary.Serving.Tests.Weights;

/// <summary>A store in a directory of its own, before a fake hub.</summary>
internal sealed class StoreFixture : IAsyncDisposable
{
    public FakeHub Hub { get; } = new();

    public TempDirectory Temp { get; } = new();

    public TimeProvider Time { get; set; } = TimeProvider.System;

    public IWeightsPeers? Peers { get; set; }

    /// <summary>Sources besides the hub and this host.</summary>
    public IModelSource[] More { get; set; } = [];

    public WeightsCounters Counters { get; } = new();

    public LineLogger<WeightsStore> Log { get; } = new();

    public WeightsStoreOptions Options { get; } = new()
    {
        MinFreeBytes = 0,
        FirstRetryDelay = TimeSpan.FromMilliseconds(1),
    };

    public SourcePolicyOptions Policy { get; } = new();

    public LocalSourceOptions Local { get; } = new();

    public HuggingFaceOptions HuggingFace { get; } = new();

    public string[] Blobs => Names("blobs");

    public string[] Partials => Names("partial");

    public string[] Refs => Names("refs");

    public string StorePath => Path.Combine(Temp.Path, "store");

    public static WeightsStore Create(
        WeightsStoreOptions options, HuggingFaceOptions hub, TimeProvider time, LineLogger<WeightsStore> log,
        SourcePolicyOptions? policy = null, LocalSourceOptions? local = null, WeightsCounters? counters = null, IWeightsPeers? peers = null,
        IModelSource[]? more = null)
    {
        var retries = new SourceHttpOptions { FirstRetryDelay = TimeSpan.FromMilliseconds(1), MaxAttempts = 2 };
        var http = new SourceHttp(OptionsOf.Create(retries), time, new LineLogger<SourceHttp>());
        var sources = new SourceRegistry([
            new HuggingFaceSource(http, new HuggingFaceCache(OptionsOf.Create(hub)), OptionsOf.Create(hub), new LineLogger<HuggingFaceSource>()),
            new LocalSource(OptionsOf.Create(local ?? new LocalSourceOptions())),
            .. more ?? [],
        ], new InfernetCache(OptionsOf.Create(local ?? new LocalSourceOptions())));
        return new WeightsStore(
            OptionsOf.Create(options), sources,
            new SourcePolicy(OptionsOf.Create(policy ?? new SourcePolicyOptions())),
            counters ?? new WeightsCounters(), peers ?? new NoWeightsPeers(), time, log);
    }

    public WeightsStore Open()
    {
        Options.Directory = StorePath;
        HuggingFace.Endpoint = Hub.Hub.Address;
        return Create(Options, HuggingFace, Time, Log, Policy, Local, Counters, Peers, More);
    }

    public Task<WeightsLease> AcquireAsync(string id, string? sha256 = null, bool trusted = false, CancellationToken cancellation = default)
        => Open().AcquireAsync(ModelIdParser.Parse(id), new WeightsRequest(sha256, trusted), cancellation);

    /// <summary>Waits until a part on the disk has that length; appends are the only event, and the disk has no better one to offer.</summary>
    public async Task WaitForPartAsync(long length)
    {
        var parts = Path.Combine(StorePath, "partial");
        using var watcher = new FileSystemWatcher(Directory.CreateDirectory(parts).FullName, "*.part") { NotifyFilter = NotifyFilters.Size | NotifyFilters.LastWrite };
        using var changed = new SemaphoreSlim(1);
        watcher.Changed += (_, _) => changed.Release();
        watcher.EnableRaisingEvents = true;
        while (!Directory.EnumerateFiles(parts, "*.part").Any(path => new FileInfo(path).Length >= length))
            Assert.True(await changed.WaitAsync(TimeSpan.FromSeconds(30)), $"no part reached {length} bytes");
    }

    /// <summary>Waits until a line with that text is logged.</summary>
    public async Task WaitForLogAsync(string text)
    {
        while (!Log.Lines.Any(line => line.Contains(text, StringComparison.Ordinal)))
            await Log.Next();
    }

    public ValueTask DisposeAsync()
    {
        Temp.Dispose();
        return Hub.DisposeAsync();
    }

    private string[] Names(string name) => [.. new DirectoryInfo(Path.Combine(StorePath, name)).EnumerateFiles().Select(static file => file.Name)];
}
