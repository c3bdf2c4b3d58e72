using Granary.Serving.Embeddings.Batches;
using Granary.Serving.Embeddings.Configuration;
using Granary.Serving.Embeddings.Lookup;
using Granary.Serving.Embeddings.Remote;
using Granary.Serving.Embeddings.Store;
using Granary.Torch;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Granary.Serving.Embeddings;

/// <summary>
/// The embeddings of this process: reads Persia's configuration before the server listens, then loads the sparse checkpoint and follows
/// its updates, or reaches the embedding servers that the configuration names. A checkpoint that cannot be loaded is told by readiness
/// and in the log, and tried again: it may still be on its way.
/// </summary>
internal sealed partial class EmbeddingService(IOptions<EmbeddingOptions> options, TimeProvider time, ILoggerFactory loggers, ILogger<EmbeddingService> logger)
    : BackgroundService, IEmbeddings, IEmbeddingTables
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(10);
    private readonly EmbeddingOptions _options = options.Value;
    private EmbeddingConfig? _config;
    private GlobalConfig _global = new();
    private EmbeddingStore? _store;
    private RemoteRows? _remote;
    private EmbeddingLookup? _lookup;
    private IncrementalScanner? _scanner;
    private volatile string? _reason = "the embeddings are not loaded yet";

    /// <summary>Whether there are any to serve.</summary>
    public bool IsConfigured => !string.IsNullOrEmpty(_options.ConfigFile);

    /// <inheritdoc/>
    public EmbeddingConfig Config => _config ?? throw Missing();

    /// <inheritdoc/>
    public IEmbeddingRows Rows => (IEmbeddingRows?)_store ?? _remote ?? throw Missing();

    /// <inheritdoc/>
    public bool IsReady => IsConfigured && Reason is null;

    /// <inheritdoc/>
    public string? Reason => IsConfigured ? _remote is { } remote ? remote.Reason : _reason : null;

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<Tensor>> LookupAsync(PersiaBatch batch, CancellationToken cancellation = default)
    {
        if (_lookup is not { } lookup)
            throw Missing();
        if (Reason is { } reason)
            throw new ServingException(ServingError.Unavailable, reason) { RetryAfter = Pause };
        return await lookup.ToTensorsAsync(batch, _options.Float32Output, cancellation);
    }

    /// <summary>What is in the tables; null where there are none in this process.</summary>
    public EmbeddingSnapshot? Snapshot() => _store is { } store ? new EmbeddingSnapshot(store.Count, store.Evicted, store.ResidentBytes, IsReady, _scanner?.Snapshot) : null;

    /// <summary>Reads the configuration; a mistake in it stops the start.</summary>
    /// <exception cref="ServingException">What is wrong, and where.</exception>
    public override Task StartAsync(CancellationToken cancellationToken)
    {
        if (!IsConfigured)
            return Task.CompletedTask;
        var warnings = new List<string>();
        _config = EmbeddingConfig.Parse(Read(_options.ConfigFile!), Path.GetFileName(_options.ConfigFile!), warnings);
        if (!string.IsNullOrEmpty(_options.GlobalConfigFile))
            _global = GlobalConfig.Parse(Read(_options.GlobalConfigFile), Path.GetFileName(_options.GlobalConfigFile));
        foreach (var warning in warnings.Concat(_global.Warnings))
            LogWarning(warning);
        if (_global.Servers.Count > 0)
        {
            _remote = new RemoteRows(_global.Servers, null, time);
            _lookup = new EmbeddingLookup(_config, _remote);
        }
        else
        {
            _store = new EmbeddingStore(new EmbeddingStoreOptions { Capacity = _global.Capacity, Float16 = _options.Float16Storage, Shards = _options.Shards });
            _lookup = new EmbeddingLookup(_config, _store);
        }

        return base.StartAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        base.Dispose();
        _store?.Dispose();
        _remote?.Dispose();
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // Loading must not hold up the start of what else runs beside the server.
        await Task.Yield();
        if (_remote is not null)
        {
            LogServers(_global.Servers.Count);
            await _remote.WaitUntilReadyAsync(stoppingToken);
            return;
        }

        var checkpoint = _options.Checkpoint is { Length: > 0 } chosen ? chosen : _global.Checkpoint;
        DateTimeOffset? written = null;
        if (!string.IsNullOrEmpty(checkpoint))
            written = await LoadAsync(_store!, checkpoint, stoppingToken);
        _reason = null;
        var packets = _options.IncrementalDirectory ?? _global.IncrementalDirectory;
        if (packets.Length == 0)
            return;
        _scanner = new IncrementalScanner(_store!, new IncrementalOptions { Directory = packets, Interval = _options.ScanInterval, Grace = _options.GracePeriod, NotBefore = written }, time, loggers.CreateLogger<IncrementalScanner>());
        await _scanner.RunAsync(stoppingToken);
    }

    private async Task<DateTimeOffset?> LoadAsync(EmbeddingStore store, string directory, CancellationToken cancellation)
    {
        while (true)
        {
            try
            {
                var started = time.GetTimestamp();
                _reason = "the embeddings are being loaded";
                var checkpoint = SparseCheckpoint.Open(directory);
                await checkpoint.LoadAsync(store, null, null, cancellation);
                LogLoaded(store.Count, store.ResidentBytes >> 20, time.GetElapsedTime(started).TotalSeconds);
                return checkpoint.Written;
            }
            catch (ServingException exception)
            {
                _reason = exception.Message;
                LogNotLoaded(exception.Message, Pause.TotalSeconds);
            }

            await Task.Delay(Pause, time, cancellation);
        }
    }

    private static string Read(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ServingException(ServingError.InvalidArgument, $"'{path}' cannot be read: {exception.Message}", exception);
        }
    }

    private static ServingException Missing() =>
        new(ServingError.Unavailable, "this server has no embeddings; start it with --persia-embedding-config (docs/persia.md)");

    [LoggerMessage(LogLevel.Warning, "{Warning}")]
    private partial void LogWarning(string warning);

    [LoggerMessage(LogLevel.Information, "Embeddings come from {Servers} servers")]
    private partial void LogServers(int servers);

    [LoggerMessage(LogLevel.Information, "The sparse checkpoint is loaded: {Entries} entries, {Megabytes} MiB, in {Seconds:F1} s")]
    private partial void LogLoaded(long entries, long megabytes, double seconds);

    [LoggerMessage(LogLevel.Error, "The embeddings cannot be loaded: {Reason}; trying again in {Seconds} s")]
    private partial void LogNotLoaded(string reason, double seconds);
}
