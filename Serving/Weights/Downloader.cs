using System.Buffers;
using System.Globalization;
using Granary.Serving.Sources;
using Microsoft.Extensions.Logging;

namespace Granary.Serving.Weights;

/// <summary>Brings the bytes of one file, through as many broken connections as it takes.</summary>
internal sealed partial class Downloader(
    WeightsStoreOptions options, BlobDirectory blobs, TimeProvider time, WeightsCounters counters, ILogger log)
{
    private const int BufferBytes = 1 << 20;
    private const long ProgressBytes = 1 << 18;
    private const long RoomBytes = 64L << 20;

    private readonly ILogger _log = log;

    /// <summary>Completes a partial download.</summary>
    /// <exception cref="SourceChangedException">The content is no longer the one that was resolved.</exception>
    /// <exception cref="ServingException">The source failed, the file is too large, or there is no room.</exception>
    public async Task CompleteAsync(PartialDownload partial, RemoteSourceFile file, string id, long maxBytes, CancellationToken cancellation)
    {
        var job = new Job(partial, file, id, maxBytes);
        if (partial.Position > 0)
        {
            counters.Resumed();
            LogResumed(id, partial.Position, file.Length);
        }

        for (var failures = 0; file.Length is null || partial.Position < file.Length;)
        {
            var before = partial.Position;
            var problem = await TryAsync(job, cancellation).ConfigureAwait(false);
            if (problem is null)
                return;
            failures = partial.Position - before >= ProgressBytes ? 1 : failures + 1;
            if (failures >= options.MaxAttempts)
            {
                throw new ServingException(ServingError.SourceFailed, string.Create(CultureInfo.InvariantCulture,
                    $"the download of '{id}' broke off {failures} times in a row at byte {partial.Position:N0}: {problem}"));
            }

            var delay = RetryDelays.After(failures, options.FirstRetryDelay, TimeSpan.FromMinutes(1));
            LogBroken(id, partial.Position, problem, delay.TotalSeconds);
            await Task.Delay(delay, time, cancellation).ConfigureAwait(false);
        }
    }

    // Null when the file is complete, else what broke.
    private async Task<string?> TryAsync(Job job, CancellationToken cancellation)
    {
        try
        {
            using var stream = await job.File.OpenAsync(job.Partial.Position, job.Partial.Validator, cancellation).ConfigureAwait(false);
            Align(job, stream);
            var length = stream.Length ?? job.File.Length;
            CheckLimit(job, length ?? 0);
            job.Partial.Begin(job.File, stream);
            await CopyAsync(job, stream.Content, length, cancellation).ConfigureAwait(false);
            return length is null || job.Partial.Position == length ? null : "the connection ended early";
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return $"no byte came for {options.StallTimeout.TotalSeconds:N0} s";
        }
        catch (Exception error) when (error is IOException or HttpRequestException)
        {
            return error.Message;
        }
    }

    private static void Align(Job job, SourceStream stream)
    {
        if (job.File.Length is { } announced && stream.Length is { } actual && announced != actual)
            throw new SourceChangedException();
        if (stream.Offset == job.Partial.Position)
            return;
        var isOther = job.Partial.Validator is { } validator && stream.Validator is { } other && validator != other;
        if (stream.Offset != 0 || isOther)
            throw new SourceChangedException();
        job.Partial.Restart();
    }

    private async Task CopyAsync(Job job, Stream content, long? length, CancellationToken cancellation)
    {
        // While one buffer is stored and hashed, the other one is filled.
        var (filling, storing) = (ArrayPool<byte>.Shared.Rent(BufferBytes), ArrayPool<byte>.Shared.Rent(BufferBytes));
        var stored = Task.CompletedTask;
        using var stalled = new CancellationTokenSource(options.StallTimeout, time);
        using var registration = cancellation.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), stalled);
        try
        {
            for (var checkedTo = 0L; ;)
            {
                stalled.CancelAfter(options.StallTimeout);
                var count = await content.ReadAsync(filling, stalled.Token).ConfigureAwait(false);
                await stored.ConfigureAwait(false);
                if (count == 0)
                    return;
                if (job.Partial.Position >= checkedTo)
                    checkedTo = Reserve(job, length);
                counters.Downloaded(count);
                CheckLimit(job, job.Partial.Position + count);
                if (job.Partial.Position + count > length)
                    throw new SourceChangedException();
                var bytes = filling.AsMemory(0, count);
                stored = Task.Run(() => Store(job, bytes, length), CancellationToken.None);
                (filling, storing) = (storing, filling);
            }
        }
        finally
        {
            // Whatever ended the reading: the position must be true, and the buffers free.
            await stored.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            ArrayPool<byte>.Shared.Return(filling);
            ArrayPool<byte>.Shared.Return(storing);
        }
    }

    private void Store(Job job, ReadOnlyMemory<byte> bytes, long? length)
    {
        job.Partial.Append(bytes);
        Report(job, length);
    }

    // Room for all that is left is asked for first, then again every 64 MiB: others download too.
    private long Reserve(Job job, long? length)
    {
        var left = length - job.Partial.Position ?? RoomBytes;
        blobs.EnsureRoom(job.Id, left);
        return job.Partial.Position + RoomBytes;
    }

    private static void CheckLimit(Job job, long bytes)
    {
        if (bytes > job.MaxBytes)
            throw SizeLimit.Exceeded(job.Id, bytes, job.MaxBytes);
    }

    private void Report(Job job, long? length)
    {
        if (job.Reported == 0)
            (job.Reported, job.ReportedPosition) = (time.GetTimestamp(), job.Partial.Position);
        var elapsed = time.GetElapsedTime(job.Reported);
        if (elapsed < options.ProgressInterval)
            return;
        var megabytes = (job.Partial.Position - job.ReportedPosition) / elapsed.TotalSeconds / 1e6;
        LogProgress(job.Id, job.Partial.Position, length, megabytes);
        (job.Reported, job.ReportedPosition) = (time.GetTimestamp(), job.Partial.Position);
    }

    private sealed record Job(PartialDownload Partial, RemoteSourceFile File, string Id, long MaxBytes)
    {
        public long Reported { get; set; }

        public long ReportedPosition { get; set; }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "downloading {Id}: {Position} of {Length} bytes, {MegabytesPerSecond:F1} MB/s")]
    private partial void LogProgress(string id, long position, long? length, double megabytesPerSecond);

    [LoggerMessage(Level = LogLevel.Information, Message = "resuming the download of {Id} at byte {Position} of {Length}")]
    private partial void LogResumed(string id, long position, long? length);

    [LoggerMessage(Level = LogLevel.Warning, Message = "the download of {Id} broke off at byte {Position} ({Problem}); it resumes in {Seconds:F1} s")]
    private partial void LogBroken(string id, long position, string problem, double seconds);
}
