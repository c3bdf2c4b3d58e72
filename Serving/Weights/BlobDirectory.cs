using System.Globalization;
using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;

namespace Granary.Serving.Weights;

/// <summary>The files by SHA-256. Their modification time is the time of the last use.</summary>
internal sealed partial class BlobDirectory(
    StoreLayout layout, WeightsStoreOptions options, TimeProvider time, WeightsCounters counters, ILogger log)
{
    private readonly ILogger _log = log;
    private readonly Lock _evicting = new();

    /// <summary>Takes a blob into use; null when it is not there (or is being evicted).</summary>
    public StoredFile? TryOpen(string sha256, long? length, string? revision)
    {
        var path = layout.Blob(sha256);
        if (TryLock(path, FileShare.Read) is not { } handle)
            return null;
        var actual = RandomAccess.GetLength(handle);
        // The path may have gone between open and lock; a length that differs means a damaged disk.
        if (File.Exists(path) && (length is null || length == actual))
        {
            Touch(path);
            return new StoredFile(path, sha256, actual, revision, handle, () => Touch(path));
        }

        handle.Dispose();
        return null;
    }

    /// <summary>SHA-256 of every file that is there.</summary>
    public IReadOnlyList<string> List() => [.. Files(layout.Blobs).Select(static file => file.Name)];

    /// <summary>Every model id whose file is there.</summary>
    public IReadOnlyList<StoredWeights> Contents() =>
    [
        .. Files(layout.Refs)
            .Select(static file => StoreDocuments.Read(file.FullName, StoreJson.Default.WeightsRef))
            .OfType<WeightsRef>()
            .Where(known => File.Exists(layout.Blob(known.Sha256)))
            .OrderBy(static known => known.Id, StringComparer.Ordinal)
            .Select(static known => new StoredWeights(known.Id, known.Sha256, known.Length, known.Revision, known.Verified)),
    ];

    /// <summary>Puts a complete, verified and flushed file in its place.</summary>
    public void Publish(string temporary, string sha256)
    {
        var path = layout.Blob(sha256);
        if (File.Exists(path) && new FileInfo(path).Length == new FileInfo(temporary).Length)
            File.Delete(temporary);
        else
            File.Move(temporary, path, overwrite: true);
    }

    /// <summary>Makes room for more bytes by evicting what nobody uses, the least recently used first.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.TooLarge"/>: more than the store may ever have;
    /// <see cref="ServingError.Overloaded"/>: what is there is in use.</exception>
    public void EnsureRoom(string id, long bytes)
    {
        if (options.MaxStoreBytes > 0 && bytes > options.MaxStoreBytes)
        {
            throw new ServingException(ServingError.TooLarge, string.Create(CultureInfo.InvariantCulture,
                $"'{id}' needs {bytes:N0} bytes, the weights store may have {options.MaxStoreBytes:N0} ({WeightsStoreOptions.SectionName}:MaxStoreBytes)"));
        }

        lock (_evicting)
        {
            var missing = Missing(bytes);
            if (missing > 0)
                missing = Evict(bytes);
            if (missing > 0)
            {
                throw new ServingException(ServingError.Overloaded, string.Create(CultureInfo.InvariantCulture,
                    $"no room for '{id}': {bytes:N0} bytes are needed, {missing:N0} more than the weights store can free; unload models, or raise "
                    + $"{WeightsStoreOptions.SectionName}:MaxStoreBytes or the disk"));
            }
        }
    }

    /// <summary>Deletes what killed processes left behind: temporary files, and partial downloads that nobody continued.</summary>
    public void CleanUp()
    {
        var now = time.GetUtcNow().UtcDateTime;
        foreach (var file in Files(layout.Refs).Concat(Files(layout.Partials)))
        {
            var lifetime = file.Extension == ".tmp" ? TimeSpan.FromHours(1) : options.PartialLifetime;
            var isLeftover = file.Extension == ".tmp" || file.DirectoryName == layout.Partials;
            if (isLeftover && now - file.LastWriteTimeUtc > lifetime)
                TryDelete(file.FullName);
        }
    }

    private long Missing(long bytes)
    {
        var overDisk = bytes + options.MinFreeBytes - new DriveInfo(layout.Root).AvailableFreeSpace;
        if (options.MaxStoreBytes == 0)
            return overDisk;
        return Math.Max(overDisk, Evictable().Sum(static file => file.Length) + bytes - options.MaxStoreBytes);
    }

    // Broken downloads take room too, and give it back like files: one that is being written is locked by its writer.
    private IEnumerable<FileInfo> Evictable()
        => Files(layout.Blobs).Concat(Files(layout.Partials).Where(static file => file.Extension == ".part"));

    private long Evict(long bytes)
    {
        foreach (var file in Evictable().OrderBy(static file => file.LastWriteTimeUtc).ToList())
        {
            using var handle = TryLock(file.FullName, FileShare.None);
            if (handle is null || !TryDelete(file.FullName))
                continue;
            counters.Evicted();
            LogEvicted(file.Name, file.Length);
            DeleteRefs(file.Name);
            var missing = Missing(bytes);
            if (missing <= 0)
                return missing;
        }

        return Missing(bytes);
    }

    private void DeleteRefs(string sha256)
    {
        foreach (var file in Files(layout.Refs))
        {
            if (StoreDocuments.Read(file.FullName, StoreJson.Default.WeightsRef)?.Sha256 == sha256)
                TryDelete(file.FullName);
        }
    }

    private void Touch(string path)
    {
        try
        {
            File.SetLastWriteTimeUtc(path, time.GetUtcNow().UtcDateTime);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            LogNotTouched(error);
        }
    }

    private static SafeFileHandle? TryLock(string path, FileShare share)
    {
        try
        {
            return File.OpenHandle(path, FileMode.Open, FileAccess.Read, share);
        }
        catch (IOException)
        {
            return null;
        }
    }

    // Another process may delete files while they are listed.
    private static IEnumerable<FileInfo> Files(string directory)
    {
        foreach (var file in new DirectoryInfo(directory).EnumerateFiles())
        {
            if (file.Exists)
                yield return file;
        }
    }

    private static bool TryDelete(string path)
    {
        try
        {
            File.Delete(path);
            return true;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "evicted {Sha256} ({Bytes} bytes) to make room")]
    private partial void LogEvicted(string sha256, long bytes);

    [LoggerMessage(Level = LogLevel.Debug, Message = "the time of last use could not be written")]
    private partial void LogNotTouched(Exception error);
}
