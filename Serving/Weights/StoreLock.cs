using Microsoft.Extensions.Logging;

namespace Granary.Serving.Weights;

/// <summary>Keeps other processes, and other flights of this one, from the same download. The kernel frees it on any death.</summary>
internal static partial class StoreLock
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(500);

    /// <summary>Waits for the lock file; dispose the result to free it.</summary>
    public static async Task<IDisposable> AcquireAsync(string path, string id, TimeProvider time, ILogger log, CancellationToken cancellation)
    {
        for (var pause = FirstPause; ; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
        {
            if (TryOpen(path) is { } held)
                return held;
            if (pause == FirstPause)
                LogWaiting(log, id);
            await Task.Delay(pause, time, cancellation).ConfigureAwait(false);
        }
    }

    private static FileStream? TryOpen(string path)
    {
        try
        {
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException) when (File.Exists(path))
        {
            return null;
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "waiting for another download of {Id}")]
    private static partial void LogWaiting(ILogger log, string id);
}
