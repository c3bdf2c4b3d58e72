using System.Collections.Concurrent;
using System.Globalization;
using Granary.Serving.Embeddings.Configuration;

namespace Granary.Serving.Embeddings.Store;

/// <summary>
/// A directory with the embeddings of a trained model: a folder <c>s0</c>, <c>s1</c>, … for each server that wrote it, and markers that
/// say that it is complete. All folders are read, however many servers there are now.
/// Source: PersiaML/PERSIA, <c>rust/persia-model-manager/src/lib.rs</c>.
/// </summary>
public sealed class SparseCheckpoint
{
    /// <summary>The marker in the directory and in each folder.</summary>
    public const string Marker = "embedding_dump_done";

    private const long MostMarkerBytes = 64 << 10;
    private readonly string _name;
    private readonly List<CheckpointFile> _files = [];

    private SparseCheckpoint(string directory) => _name = Path.GetFileName(Path.TrimEndingDirectorySeparator(directory));

    /// <summary>Folders.</summary>
    public int Shards { get; private set; }

    /// <summary>When it was done; null of one from 2021, which does not say.</summary>
    public DateTimeOffset? Written { get; private set; }

    /// <summary>Files of entries.</summary>
    public int Files => _files.Count;

    /// <summary>Entries, as the files say.</summary>
    public long Entries => _files.Sum(static file => file.Entries);

    /// <summary>Looks at markers and the beginnings of files.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.NotFound"/>: no such directory. <see cref="ServingError.SourceFailed"/>: incomplete or damaged.</exception>
    public static SparseCheckpoint Open(string directory)
    {
        var checkpoint = new SparseCheckpoint(directory);
        if (!Directory.Exists(directory))
            throw new ServingException(ServingError.NotFound, $"the sparse checkpoint '{checkpoint._name}' is not there");
        try
        {
            checkpoint.Inspect(directory);
            return checkpoint;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw checkpoint.Broken($"cannot be read: {exception.GetType().Name}", exception);
        }
    }

    /// <summary>
    /// Reads all entries into a store, in parallel over files and with bounded memory. When the store takes fewer than there are, of each
    /// file the most recently used stay, as many as is its share.
    /// </summary>
    /// <param name="store">Gets them.</param>
    /// <param name="options">How; null for the defaults.</param>
    /// <param name="progress">Told every few thousand entries, from several threads.</param>
    /// <param name="cancellationToken">Stops loading; what was loaded stays in the store.</param>
    /// <exception cref="ServingException"><see cref="ServingError.SourceFailed"/>: a file is damaged; the message names it and the place.</exception>
    public async Task LoadAsync(EmbeddingStore store, CheckpointOptions? options = null, IProgress<CheckpointProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        options ??= new CheckpointOptions();
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Workers, 1);
        store.Expect(Math.Min(Entries / Math.Max(1, options.Part.Count), store.Capacity));
        var run = new Run(this, store, options, progress, cancellationToken);
        var queue = new ConcurrentQueue<CheckpointFile>(_files.OrderByDescending(static file => file.Entries));
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var workers = Enumerable.Range(0, Math.Min(options.Workers, Math.Max(1, _files.Count))).Select(_ => Task.Factory.StartNew(
            () =>
            {
                try
                {
                    while (queue.TryDequeue(out var file))
                        run.Load(file, stop.Token);
                }
                catch
                {
                    // The others need not go on.
                    stop.Cancel();
                    throw;
                }
            },
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default)).ToArray();
        try
        {
            await Task.WhenAll(workers);
            store.Trim();
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // Another worker says why.
            await Task.WhenAll(workers.Where(static worker => worker.IsFaulted));
            throw;
        }
    }

    private void Inspect(string directory)
    {
        var (declared, written, isEarly) = ReadMarker(directory, "");
        Written = written;
        var folders = Directory.GetDirectories(directory, "s*").Select(Path.GetFileName).Where(IsShard!).OrderBy(static name => int.Parse(name![1..], CultureInfo.InvariantCulture)).ToList();
        Shards = folders.Count;
        if (folders.Count == 0)
            throw Broken("has no folder s0; expected one for each server that wrote it");
        for (var i = 0; i < folders.Count; i++)
        {
            if (folders[i] != $"s{i}")
                throw Broken($"has a folder {folders[i]} but no s{i}; some of it is missing");
        }

        if (!isEarly && declared != folders.Count)
            throw Broken($"was written by {declared} servers and has {folders.Count} folders; some of it is missing, or it was written over another one");
        foreach (var folder in folders)
            InspectShard(directory, folder!, isEarly);
    }

    private void InspectShard(string directory, string folder, bool isEarly)
    {
        var path = Path.Combine(directory, folder);
        var (_, written, _) = ReadMarker(path, folder + "/");
        var files = Directory.GetFiles(path, "*.emb");
        if (files.Length == 0)
            throw Broken($"has no .emb files in {folder}");
        Array.Sort(files, StringComparer.Ordinal);
        foreach (var file in files)
        {
            var name = $"{folder}/{Path.GetFileName(file)}";
            try
            {
                using var cursor = new FileCursor(file);
                var count = EmbFile.ReadCount(cursor, out var format);
                if ((format == PersiaFormat.V0) != isEarly && count > 0)
                    throw Broken($"has a marker of the {(isEarly ? "early" : "current")} form and in {name} entries of the other; it was written over another one");
                // Whatever it says: no more than fit into it.
                _files.Add(new CheckpointFile(file, name, Math.Min(count, cursor.Length / EntryReader.LeastBytes), written));
            }
            catch (DamagedFileException exception)
            {
                throw Broken($"is damaged: {name}, {exception.Message}");
            }
        }
    }

    private static bool IsShard(string name) => int.TryParse(name.AsSpan(1), NumberStyles.None, CultureInfo.InvariantCulture, out _);

    private (long Shards, DateTimeOffset? Written, bool IsEarly) ReadMarker(string directory, string place)
    {
        var path = Path.Combine(directory, Marker);
        if (!File.Exists(path))
            throw Broken($"has no {place}{Marker}: it is not complete; wait until its dump has ended, or dump it again");
        if (new FileInfo(path).Length > MostMarkerBytes)
            throw Broken($"has a {place}{Marker} of more than {MostMarkerBytes} bytes");
        var text = File.ReadAllText(path);
        if (string.IsNullOrWhiteSpace(text))
            return (0, null, true);
        try
        {
            var yaml = YamlNodes.Parse(text, place + Marker, []);
            var shards = yaml.Number("num_shards", 1) ?? throw yaml.Wrong("has no num_shards");
            return (shards, yaml.Mapping("datetime")?.Number("secs_since_epoch") is { } seconds and < 1L << 35 ? DateTimeOffset.FromUnixTimeSeconds(seconds) : null, false);
        }
        catch (ServingException exception)
        {
            throw Broken($"is damaged: {exception.Message}");
        }
    }

    private ServingException Broken(string what, Exception? inner = null) => new(ServingError.SourceFailed, $"the sparse checkpoint '{_name}' {what}", inner);

    private sealed record CheckpointFile(string Path, string Name, long Entries, DateTimeOffset? Written);

    /// <summary>One loading.</summary>
    private sealed class Run(SparseCheckpoint checkpoint, EmbeddingStore store, CheckpointOptions options, IProgress<CheckpointProgress>? progress, CancellationToken cancellationToken)
    {
        private readonly double _share = Math.Min(1, (double)store.Capacity / Math.Max(1, checkpoint.Entries / Math.Max(1, options.Part.Count)));
        private readonly long _entries = checkpoint.Entries;
        private long _entriesDone;
        private int _filesDone;

        public void Load(CheckpointFile file, CancellationToken stop)
        {
            var time = file.Written is { } written ? (written - options.DumpTime).ToUnixTimeSeconds() : 0;
            try
            {
                using var cursor = new FileCursor(file.Path);
                using var sink = new StoreSink(store, options.Part, Math.Max(0, time), count => Tell(count, 0));
                EmbFile.Read(cursor, sink, _share < 1 ? (long)(file.Entries * _share) : long.MaxValue, stop);
                sink.Flush();
                Tell(0, 1);
            }
            catch (DamagedFileException exception)
            {
                throw checkpoint.Broken($"is damaged: {file.Name}, {exception.Message}");
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                throw checkpoint.Broken($"cannot be read: {file.Name}, {exception.GetType().Name}", exception);
            }

            cancellationToken.ThrowIfCancellationRequested();
        }

        private void Tell(int entries, int files)
        {
            var entriesDone = Interlocked.Add(ref _entriesDone, entries);
            var filesDone = Interlocked.Add(ref _filesDone, files);
            progress?.Report(new CheckpointProgress(checkpoint.Files, filesDone, _entries, entriesDone));
        }
    }
}
