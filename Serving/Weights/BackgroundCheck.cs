using System.Buffers;
using Granary.Serving.Sources;

namespace Granary.Serving.Weights;

/// <summary>
/// Runs a check beside the download, up to eight buffers behind it: a second hash over all bytes would else slow it down. Used by
/// one thread.
/// </summary>
internal sealed class BackgroundCheck(IContentCheck check) : IContentCheck
{
    private readonly SemaphoreSlim _room = new(8);
    private Task _last = Task.CompletedTask;

    public void Append(ReadOnlySpan<byte> bytes)
    {
        _room.Wait();
        var buffer = ArrayPool<byte>.Shared.Rent(bytes.Length);
        bytes.CopyTo(buffer);
        _last = TakeAsync(_last, buffer, bytes.Length);
    }

    public void Restart()
    {
        _last.GetAwaiter().GetResult();
        check.Restart();
    }

    public string? Fault(string sha256)
    {
        _last.GetAwaiter().GetResult();
        return check.Fault(sha256);
    }

    public void Dispose()
    {
        _last.ContinueWith(static ended => ended.Exception, TaskScheduler.Default).Wait();
        check.Dispose();
        _room.Dispose();
    }

    private async Task TakeAsync(Task before, byte[] buffer, int count)
    {
        try
        {
            await before.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
            check.Append(buffer.AsSpan(0, count));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
            _room.Release();
        }
    }
}
