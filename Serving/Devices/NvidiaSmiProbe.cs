using System.ComponentModel;
using System.Diagnostics;
using Granary.Serving.Activations;

namespace Granary.Serving.Devices;

/// <summary>
/// Asks <c>nvidia-smi</c> at most every five seconds, on a background task, and only where libtorch can use a GPU: whoever reads
/// <see cref="Current"/> never waits.
/// </summary>
internal sealed class NvidiaSmiProbe(IInferenceRuntime runtime, TimeProvider time) : IAcceleratorProbe
{
    private static readonly TimeSpan MaxAge = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private AcceleratorInventory _current = AcceleratorInventory.None;
    private long _lookedAt;
    private int _looking;
    private bool _looked;

    public AcceleratorInventory Current
    {
        get
        {
            if ((!Volatile.Read(ref _looked) || time.GetElapsedTime(Volatile.Read(ref _lookedAt)) > MaxAge)
                && Interlocked.Exchange(ref _looking, 1) == 0)
            {
                _ = Task.Run(LookAsync);
            }

            return Volatile.Read(ref _current);
        }
    }

    /// <summary>Looks now.</summary>
    internal async Task LookAsync()
    {
        try
        {
            var inventory = runtime.CudaDeviceCount == 0 ? AcceleratorInventory.None : NvidiaSmiReport.Parse(await RunAsync());
            Volatile.Write(ref _current, inventory);
        }
        catch (Exception error) when (error is Win32Exception or IOException or OperationCanceledException or Torch.TorchException)
        {
            Volatile.Write(ref _current, AcceleratorInventory.None);
        }
        finally
        {
            Volatile.Write(ref _lookedAt, time.GetTimestamp());
            Volatile.Write(ref _looked, true);
            Volatile.Write(ref _looking, 0);
        }
    }

    private static async Task<string> RunAsync()
    {
        using var process = Process.Start(new ProcessStartInfo("nvidia-smi", ["-q", "-x"]) { RedirectStandardOutput = true, RedirectStandardError = true })
            ?? throw new IOException("nvidia-smi did not start");
        using var patience = new CancellationTokenSource(Patience);
        try
        {
            return await process.StandardOutput.ReadToEndAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            throw;
        }
    }
}
