using Granary.Serving.Models;
using Granary.Serving.Sources;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Granary.Serving.Weights;

/// <summary>
/// The door of the store: asks the policy, joins callers that want the same file, finds the file by hash, by reference or at its
/// source, and hands out leases. Files of this host are used in place and never copied.
/// </summary>
internal sealed partial class WeightsStore : IWeightsStore, IWeightsFiles, IWeightsInventory
{
    private const int MaxVanished = 3;

    private readonly SingleFlight<FetchKey, StoredFile> _flights = new();
    private readonly LocalHashes _localHashes = new();
    private readonly SourceRegistry _sources;
    private readonly ISourcePolicy _policy;
    private readonly WeightsCounters _counters;
    private readonly ILogger<WeightsStore> _log;
    private readonly BlobDirectory _blobs;
    private readonly RemoteFetcher _remote;
    private readonly IWeightsPeers _peers;

    public WeightsStore(
        IOptions<WeightsStoreOptions> options, SourceRegistry sources, ISourcePolicy policy, WeightsCounters counters,
        IWeightsPeers peers, TimeProvider time, ILogger<WeightsStore> log)
    {
        (_sources, _policy, _counters, _peers, _log) = (sources, policy, counters, peers, log);
        var layout = new StoreLayout(options.Value.Directory);
        _blobs = new BlobDirectory(layout, options.Value, time, counters, log);
        var downloader = new Downloader(options.Value, _blobs, time, counters, log);
        _remote = new RemoteFetcher(layout, _blobs, downloader, time, counters, log);
        _blobs.CleanUp();
    }

    public async Task<WeightsLease> AcquireAsync(ModelId id, WeightsRequest options, CancellationToken cancellation = default)
    {
        _policy.Check(id, options.Trusted);
        var key = new FetchKey(id, options.Sha256, options.Trusted);
        for (var attempt = 0; attempt < MaxVanished; attempt++)
        {
            var file = await _flights.RunAsync(key, stop => FetchAsync(key, stop), Share, cancellation).ConfigureAwait(false);
            if (file is not null)
                return new WeightsLease(file.Path, file.Sha256, file.Length, file.Revision, file);
        }

        throw new ServingException(ServingError.Unavailable, $"the stored file of '{id}' vanished {MaxVanished} times; something else deletes files of the weights store");
    }

    public IReadOnlyList<string> List() => _blobs.List();

    public IReadOnlyList<StoredWeights> Contents() => _blobs.Contents();

    public WeightsLease? TryOpen(string sha256) => _blobs.TryOpen(sha256, null, null) is { } file
        ? new WeightsLease(file.Path, file.Sha256, file.Length, file.Revision, file)
        : null;

    // Each caller holds the blob by a handle of its own.
    private StoredFile? Share(StoredFile file) => file.IsBlob ? _blobs.TryOpen(file.Sha256, file.Length, file.Revision) : file;

    private async Task<StoredFile> FetchAsync(FetchKey key, CancellationToken cancellation)
    {
        try
        {
            var source = _sources.Get(key.Id.Source);
            return FindUnasked(key, source)
                ?? await FindAtPeersAsync(key, source, cancellation).ConfigureAwait(false)
                ?? await AskAsync(key, source, cancellation).ConfigureAwait(false);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            _counters.Failed();
            LogStoreFailed(key.Id, error);
            throw new ServingException(ServingError.Internal, $"'{key.Id}' could not be read or stored on this host (the log says why)", error);
        }
        catch (ServingException)
        {
            _counters.Failed();
            throw;
        }
    }

    // Content named by its hash, and ids that can never mean anything else, need no question to the source.
    private StoredFile? FindUnasked(FetchKey key, IModelSource source)
    {
        if (source.Kind == ModelSourceKind.Local)
            return null;
        var file = key.Sha256 is not null ? _blobs.TryOpen(key.Sha256, null, null)
            : source.IsPinned(key.Id) ? _remote.FindLast(key)
            : null;
        if (file is not null)
            _counters.Hit();
        return file;
    }

    // A file whose hash the definition demands is the same wherever it comes from.
    private async Task<StoredFile?> FindAtPeersAsync(FetchKey key, IModelSource source, CancellationToken cancellation)
    {
        if (source.Kind == ModelSourceKind.Local || key.Sha256 is null || !_peers.Has(key.Sha256))
            return null;
        var file = new PeerSourceFile(key.Sha256, _peers, origin: null) { Sha256 = key.Sha256 };
        try
        {
            return await _remote.FetchAsync(key, file, _policy.MaxFileBytes(key.Trusted), () => Task.FromResult<RemoteSourceFile>(file), cancellation).ConfigureAwait(false);
        }
        catch (ServingException error) when (error.Error == ServingError.SourceFailed)
        {
            LogPeersFailed(key.Id, error.Message);
            return null;
        }
    }

    private async Task<StoredFile> AskAsync(FetchKey key, IModelSource source, CancellationToken cancellation)
    {
        SourceFile file;
        try
        {
            file = await source.ResolveAsync(key.Id, key.Trusted, cancellation).ConfigureAwait(false);
        }
        catch (ServingException error) when (error.Error == ServingError.SourceFailed)
        {
            if (_remote.FindLast(key) is not { } last)
                throw;
            LogUsingLast(key.Id, error.Message);
            _counters.Hit();
            return last;
        }

        var maxBytes = _policy.MaxFileBytes(key.Trusted);
        if (file is LocalSourceFile local)
            return await UseInPlaceAsync(key, local, maxBytes, cancellation).ConfigureAwait(false);
        var origin = (RemoteSourceFile)file;
        if (PeerSourceFile.TryWrap(origin, key.Sha256, _peers) is { } peers)
        {
            try
            {
                return await _remote.FetchAsync(key, peers, maxBytes, ResolveAgainAsync, cancellation).ConfigureAwait(false);
            }
            catch (ServingException error) when (error.Error == ServingError.SourceFailed)
            {
                // A peer whose copy is damaged must not keep the file from us.
                LogPeersFailed(key.Id, error.Message);
            }
        }

        return await _remote.FetchAsync(key, origin, maxBytes, ResolveAgainAsync, cancellation).ConfigureAwait(false);

        async Task<RemoteSourceFile> ResolveAgainAsync()
            => await source.ResolveAsync(key.Id, key.Trusted, cancellation).ConfigureAwait(false) as RemoteSourceFile
                // It lies in a cache of this host by now; the next call finds it there.
                ?? throw new ServingException(ServingError.SourceFailed, $"'{key.Id}' changed at its source during the download; try again");
    }

    private async Task<StoredFile> UseInPlaceAsync(FetchKey key, LocalSourceFile file, long maxBytes, CancellationToken cancellation)
    {
        if (file.Length > maxBytes)
            throw SizeLimit.Exceeded(key.Id.ToString(), file.Length.Value, maxBytes);
        var sha256 = await _localHashes.GetAsync(file.Path, cancellation).ConfigureAwait(false);
        key.Verify(sha256);
        if (file.Sha256 is not null && file.Sha256 != sha256)
            throw HashMismatch.Error(key.Id, "SHA-256", sha256, file.Sha256, "its manifest demands");
        _counters.Hit();
        return new StoredFile(file.Path, sha256, file.Length!.Value, file.Revision, null, null);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Id}: {Problem}; using the copy in the weights store")]
    private partial void LogUsingLast(ModelId id, string problem);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Id} could not be copied from another silo: {Problem}; asking its source")]
    private partial void LogPeersFailed(ModelId id, string problem);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Id} could not be read or stored")]
    private partial void LogStoreFailed(ModelId id, Exception error);
}
