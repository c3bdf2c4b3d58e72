using Microsoft.Extensions.Logging;

namespace Granary.Serving.Embeddings.Store;

/// <summary>
/// Applies the packets that training puts into a directory, <c>s{n}/inc_{time}/*.inc</c> or <c>inc_{time}/*.inc</c>.
/// A packet is applied when its folder has a marker, or when it has not changed for a while, for a trainer writes only one marker for
/// packets of several folders. Each is read through before anything of it is applied. A damaged one that does not change anymore goes
/// to the folder <c>quarantine</c>; where that cannot be written to, it is only remembered. Nothing of this is kept: after a restart all
/// packets that are there are applied again, and since the store keeps what is newest of each sign, that changes nothing.
/// Source: PersiaML/PERSIA, <c>rust/persia-incremental-update-manager/src/lib.rs</c>.
/// </summary>
/// <param name="store">Gets the rows.</param>
/// <param name="options">Where and when.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Is told of every packet.</param>
public sealed partial class IncrementalScanner(EmbeddingStore store, IncrementalOptions options, TimeProvider time, ILogger<IncrementalScanner> logger)
{
    /// <summary>Where damaged packets go.</summary>
    public const string QuarantineFolder = "quarantine";

    private static readonly string[] Markers = ["inc_update_done", "inc_done"];
    private readonly Dictionary<string, Packet> _packets = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();
    private IncrementalSnapshot _snapshot = new();
    private long _scan;

    private enum State
    {
        /// <summary>To be looked at again.</summary>
        Pending,

        /// <summary>Applied, skipped or given up: only looked at again when it changes.</summary>
        Done,
    }

    /// <summary>What became of packets so far.</summary>
    public IncrementalSnapshot Snapshot => Volatile.Read(ref _snapshot);

    /// <summary>Looks again and again, at once for the first time, until it is cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(options.Interval, time);
        do
        {
            try
            {
                await Task.Run(() => Scan(cancellationToken), cancellationToken);
            }
            catch (Exception exception) when (exception is not (OperationCanceledException or ObjectDisposedException))
            {
                // A scanner that ends is a model that silently grows old.
                LogScanFailed(exception, exception.Message);
                Note(snapshot => snapshot with { LastError = exception.Message });
            }
        }
        while (await timer.WaitForNextTickAsync(cancellationToken));
    }

    /// <summary>Looks once. Packets are applied in the order of their names. Not to be called by two at once.</summary>
    public void Scan(CancellationToken cancellationToken = default)
    {
        lock (_lock)
        {
            _scan++;
            var exists = Directory.Exists(options.Directory);
            if (exists)
            {
                foreach (var folder in Folders())
                    ScanFolder(folder, cancellationToken);
            }

            foreach (var (path, packet) in _packets)
            {
                if (packet.Scan != _scan)
                    _packets.Remove(path);
            }

            var pending = _packets.Values.Count(static packet => packet.State == State.Pending);
            Note(snapshot => snapshot with { Scans = _scan, DirectoryExists = exists, PacketsPending = pending });
        }
    }

    private List<DirectoryInfo> Folders()
    {
        var root = new DirectoryInfo(options.Directory);
        var folders = new List<DirectoryInfo>();
        try
        {
            folders.AddRange(root.GetDirectories("inc_*"));
            foreach (var shard in root.GetDirectories("s*"))
                folders.AddRange(Listed(shard));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            Unreadable(options.Directory, exception);
        }

        // Names are times. Folders of one time follow by server.
        folders.Sort(static (a, b) => string.CompareOrdinal(a.Name, b.Name) is var order && order != 0 ? order : string.CompareOrdinal(a.FullName, b.FullName));
        return folders;
    }

    private DirectoryInfo[] Listed(DirectoryInfo shard)
    {
        try
        {
            return shard.GetDirectories("inc_*");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            Unreadable(shard.FullName, exception);
            return [];
        }
    }

    private void ScanFolder(DirectoryInfo folder, CancellationToken cancellationToken)
    {
        try
        {
            // First the marker, then the files: those that were there before it are complete.
            var isMarked = Markers.Any(marker => File.Exists(Path.Combine(folder.FullName, marker)));
            foreach (var file in folder.GetFiles("*.inc").OrderBy(static file => file.Name, StringComparer.Ordinal))
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (!_packets.TryGetValue(file.FullName, out var packet) || packet.Length != file.Length || packet.Written != file.LastWriteTimeUtc)
                    _packets[file.FullName] = packet = new Packet(file.Length, file.LastWriteTimeUtc, time.GetTimestamp());
                packet.Scan = _scan;
                if (packet.State == State.Done)
                    continue;
                var isSettled = time.GetElapsedTime(packet.Since) >= options.Grace;
                if ((isMarked || isSettled) && Apply(file, isSettled, cancellationToken))
                    packet.State = State.Done;
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            Unreadable(folder.FullName, exception);
        }
    }

    /// <returns>Whether it is done with.</returns>
    private bool Apply(FileInfo info, bool isSettled, CancellationToken cancellationToken)
    {
        var name = Path.GetRelativePath(options.Directory, info.FullName);
        try
        {
            using var file = new FileCursor(info.FullName);
            if (options.NotBefore is { } notBefore && file.ReadLastUInt64() < (ulong)Math.Max(0, notBefore.ToUnixTimeSeconds()))
            {
                Note(static snapshot => snapshot with { PacketsSkipped = snapshot.PacketsSkipped + 1 });
                return true;
            }

            var (format, entries, seconds) = PacketFile.Check(file, cancellationToken);
            var latest = time.GetUtcNow() + options.ClockSkew;
            if (seconds > (ulong)latest.ToUnixTimeSeconds())
                throw new DamagedFileException(file.Length - sizeof(ulong), $"its time is {seconds} s after 1970, which is not yet");
            Write(file, format, entries, (long)seconds, name, cancellationToken);
        }
        catch (FileNotFoundException)
        {
            return false;
        }
        catch (DamagedFileException exception)
        {
            if (isSettled)
                Quarantine(info, name, exception.Message);
            return isSettled;
        }

        // When somebody wrote on while it was read, it is read again.
        info.Refresh();
        return !info.Exists || (_packets[info.FullName].Length == info.Length && _packets[info.FullName].Written == info.LastWriteTimeUtc);
    }

    private void Write(FileCursor file, PersiaFormat format, long entries, long seconds, string name, CancellationToken cancellationToken)
    {
        using var sink = new StoreSink(store, options.Part, seconds);
        PacketFile.Read(file, format, sink, cancellationToken);
        sink.Flush();
        var written = DateTimeOffset.FromUnixTimeSeconds(seconds);
        var delay = time.GetUtcNow() - written;
        Note(snapshot => snapshot with
        {
            PacketsApplied = snapshot.PacketsApplied + 1,
            RowsApplied = snapshot.RowsApplied + sink.Written,
            RowsStale = snapshot.RowsStale + sink.Taken - sink.Written,
            NewestPacket = snapshot.NewestPacket > written ? snapshot.NewestPacket : written,
            Delay = delay < TimeSpan.Zero ? TimeSpan.Zero : delay,
        });
        LogApplied(name, entries, sink.Written, delay);
    }

    private void Quarantine(FileInfo info, string name, string why)
    {
        var error = $"packet '{name}' is damaged: {why}";
        Note(snapshot => snapshot with { PacketsQuarantined = snapshot.PacketsQuarantined + 1, LastError = error });
        try
        {
            var folder = Path.Combine(options.Directory, QuarantineFolder);
            Directory.CreateDirectory(folder);
            var target = Path.Combine(folder, name.Replace(Path.DirectorySeparatorChar, '.'));
            for (var i = 1; File.Exists(target); i++)
                target = Path.Combine(folder, $"{name.Replace(Path.DirectorySeparatorChar, '.')}.{i}");
            info.MoveTo(target);
            LogQuarantined(name, why);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            LogNotMoved(name, why);
        }
    }

    private void Unreadable(string path, Exception exception)
    {
        // A folder that somebody has cleared away is none of our business.
        if (exception is DirectoryNotFoundException)
            return;
        var name = Path.GetRelativePath(options.Directory, path);
        LogUnreadable(name, exception.GetType().Name);
        Note(snapshot => snapshot with { LastError = $"'{name}' cannot be read: {exception.GetType().Name}" });
    }

    // Only the scan writes, and it has the lock; or it has ended.
    private void Note(Func<IncrementalSnapshot, IncrementalSnapshot> change) => Volatile.Write(ref _snapshot, change(_snapshot));

    [LoggerMessage(Level = LogLevel.Information, Message = "Applied incremental packet {Packet}: {Rows} of {Entries} rows are new, {Delay} after it was written")]
    private partial void LogApplied(string packet, long entries, long rows, TimeSpan delay);

    [LoggerMessage(Level = LogLevel.Error, Message = "Incremental packet {Packet} is damaged and was moved to the quarantine folder: {Why}")]
    private partial void LogQuarantined(string packet, string why);

    [LoggerMessage(Level = LogLevel.Error, Message = "Incremental packet {Packet} is damaged, and was left where it is since it cannot be moved: {Why}")]
    private partial void LogNotMoved(string packet, string why);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Incremental packets in {Folder} cannot be read: {Error}")]
    private partial void LogUnreadable(string folder, string error);

    [LoggerMessage(Level = LogLevel.Error, Message = "Looking for incremental packets failed: {Why}")]
    private partial void LogScanFailed(Exception exception, string why);

    private sealed class Packet(long length, DateTime written, long since)
    {
        public long Length { get; } = length;

        public DateTime Written { get; } = written;

        public long Since { get; } = since;

        public State State { get; set; }

        public long Scan { get; set; }
    }
}
