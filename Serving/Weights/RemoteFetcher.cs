using Granary.Serving.Models;
using Granary.Serving.Sources;
using Microsoft.Extensions.Logging;

namespace Granary.Serving.Weights;

/// <summary>Brings a resolved remote file into the blobs: finds it there, or downloads, verifies and publishes it.</summary>
internal sealed partial class RemoteFetcher(
    StoreLayout layout, BlobDirectory blobs, Downloader downloader, TimeProvider time, WeightsCounters counters, ILogger log)
{
    private const int MaxChanges = 3;
    private readonly ILogger _log = log;

    /// <summary>The file a model id meant last, when it is still there and fits the demand.</summary>
    public StoredFile? FindLast(FetchKey key)
    {
        var known = StoreDocuments.Read(layout.Ref(StoreLayout.Key(key.Id)), StoreJson.Default.WeightsRef);
        return known is null || (key.Sha256 is not null && key.Sha256 != known.Sha256)
            ? null
            : blobs.TryOpen(known.Sha256, known.Length, known.Revision);
    }

    /// <param name="key">What is wanted.</param>
    /// <param name="file">What the source found.</param>
    /// <param name="maxBytes">Limit of the policy.</param>
    /// <param name="resolveAgain">Asks the source anew after the content changed during the download.</param>
    /// <param name="cancellation">Stops; what is there of the file stays for the next time.</param>
    public async Task<StoredFile> FetchAsync(
        FetchKey key, RemoteSourceFile file, long maxBytes, Func<Task<RemoteSourceFile>> resolveAgain, CancellationToken cancellation)
    {
        var id = key.Id.ToString();
        for (var change = 1; ; change++)
        {
            if (file.Length > maxBytes)
                throw SizeLimit.Exceeded(id, file.Length.Value, maxBytes);
            if (file.Sha256 is not null)
                key.Verify(file.Sha256);
            if (Find(key, file) is { } there)
                return Counted(there);
            using var held = await StoreLock.AcquireAsync(layout.Lock(StoreLayout.Key(key.Id)), id, time, _log, cancellation).ConfigureAwait(false);
            if (Find(key, file) is { } meanwhile)
                return Counted(meanwhile);
            try
            {
                return await DownloadAsync(key, file, maxBytes, cancellation).ConfigureAwait(false);
            }
            catch (SourceChangedException error)
            {
                if (change == MaxChanges)
                    throw new ServingException(ServingError.SourceFailed, error.Problem ?? $"'{id}' changed at its source during each of {change} downloads", error);
                if (error.Problem is null)
                    LogChanged(id);
                else
                    LogElsewhere(id, error.Problem);
                file = await resolveAgain().ConfigureAwait(false);
            }
        }
    }

    private StoredFile Counted(StoredFile file)
    {
        counters.Hit();
        return file;
    }

    private StoredFile? Find(FetchKey key, RemoteSourceFile file)
    {
        if (file.Sha256 is not null)
        {
            var blob = blobs.TryOpen(file.Sha256, file.Length, file.Revision);
            if (blob is not null)
                WriteRef(key.Id, file, blob.Sha256, blob.Length, file.Verified(wholeContent: false));
            return blob;
        }

        var known = StoreDocuments.Read(layout.Ref(StoreLayout.Key(key.Id)), StoreJson.Default.WeightsRef);
        if (known is null || file.ETag is null || known.ETag != file.ETag)
            return null;
        key.Verify(known.Sha256);
        return blobs.TryOpen(known.Sha256, known.Length, file.Revision ?? known.Revision);
    }

    private async Task<StoredFile> DownloadAsync(FetchKey key, RemoteSourceFile file, long maxBytes, CancellationToken cancellation)
    {
        counters.Missed();
        var id = key.Id.ToString();
        using var partial = await PartialDownload.OpenAsync(layout, StoreLayout.Key(key.Id), id, file, cancellation).ConfigureAwait(false);
        while (true)
        {
            try
            {
                await CompleteAsync(key, file, partial, maxBytes, cancellation).ConfigureAwait(false);
            }
            catch (Exception error) when (error is SourceChangedException or ServingException { Error: ServingError.TooLarge } || partial.Position == 0)
            {
                partial.Discard();
                throw;
            }

            if (await MismatchAsync(key, file, partial, cancellation).ConfigureAwait(false) is not { } mismatch)
                return Publish(key, file, partial);
            if (file.Refuse(mismatch) is { } refusal)
            {
                partial.Discard();
                throw refusal;
            }

            LogElsewhere(id, mismatch.Message);
            partial.Restart();
        }
    }

    private async Task CompleteAsync(FetchKey key, RemoteSourceFile file, PartialDownload partial, long maxBytes, CancellationToken cancellation)
    {
        var id = key.Id.ToString();
        await downloader.CompleteAsync(partial, file, id, maxBytes, cancellation).ConfigureAwait(false);
        if (!partial.IsResumed || await MismatchAsync(key, file, partial, cancellation).ConfigureAwait(false) is null)
            return;
        // After a power cut the kept part may hold zeros; the whole is fetched once before the source is blamed.
        LogRestarted(id);
        partial.Restart();
        await downloader.CompleteAsync(partial, file, id, maxBytes, cancellation).ConfigureAwait(false);
    }

    private static async Task<ServingException?> MismatchAsync(
        FetchKey key, RemoteSourceFile file, PartialDownload partial, CancellationToken cancellation)
    {
        var sha256 = partial.Sha256();
        if (partial.CheckFault() is { } fault)
            return new ServingException(ServingError.SourceFailed, $"'{key.Id}' is not used: {fault}");
        if (file.Sha256 is not null && file.Sha256 != sha256)
            return HashMismatch.Error(key.Id, "SHA-256", sha256, file.Sha256, "its source announced");
        if (key.Sha256 is not null && key.Sha256 != sha256)
            return HashMismatch.Error(key.Id, "SHA-256", sha256, key.Sha256, "the definition demands");
        if (file.GitBlobSha1 is null)
            return null;
        var sha1 = await partial.GitBlobSha1Async(cancellation).ConfigureAwait(false);
        return sha1 == file.GitBlobSha1 ? null : HashMismatch.Error(key.Id, "git SHA-1", sha1, file.GitBlobSha1, "its source announced");
    }

    private StoredFile Publish(FetchKey key, RemoteSourceFile file, PartialDownload partial)
    {
        var (sha256, length) = (partial.Sha256(), partial.Position);
        partial.Publish(blobs, sha256);
        var verified = file.Verified(wholeContent: true);
        WriteRef(key.Id, file, sha256, length, verified);
        LogStored(key.Id, sha256, length, verified.Count == 0 ? "nothing" : string.Join(", ", verified));
        return blobs.TryOpen(sha256, length, file.Revision)
            ?? throw new ServingException(ServingError.Unavailable, $"'{key.Id}' was evicted as soon as it was stored; the weights store is too small");
    }

    private void WriteRef(ModelId id, RemoteSourceFile file, string sha256, long length, IReadOnlyList<string> verified)
    {
        var path = layout.Ref(StoreLayout.Key(id));
        var known = StoreDocuments.Read(path, StoreJson.Default.WeightsRef);
        var next = new WeightsRef(id.ToString(), sha256, length, file.ETag, file.Revision) { Verified = [.. verified] };
        // What was checked when these bytes came is not forgotten when they are found by their hash.
        if (known is not null && next with { Verified = known.Verified } == known && verified.All(known.Verified.Contains))
            return;
        StoreDocuments.Write(path, next, StoreJson.Default.WeightsRef);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "stored {Id} as {Sha256} ({Bytes} bytes); verified: {Checks}")]
    private partial void LogStored(ModelId id, string sha256, long bytes, string checks);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Problem}; fetching {Id} from elsewhere")]
    private partial void LogElsewhere(string id, string problem);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Id} changed at its source during the download; starting again")]
    private partial void LogChanged(string id);

    [LoggerMessage(Level = LogLevel.Warning, Message = "the resumed download of {Id} has a wrong hash; fetching all of it once more")]
    private partial void LogRestarted(string id);
}
