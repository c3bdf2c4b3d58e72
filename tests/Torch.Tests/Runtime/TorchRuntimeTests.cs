namespace Granary.Torch.Tests.Runtime;

public sealed class TorchRuntimeTests
{
    [Fact]
    public void Initialize_ManyThreads_LoadsOnce()
    {
        var threads = Enumerable.Range(0, 8).Select(_ => new Thread(TorchRuntime.Initialize)).ToArray();
        foreach (var thread in threads)
            thread.Start();
        foreach (var thread in threads)
            thread.Join();
        Assert.Matches(@"^[12]\.[0-9]+\.[0-9]+", TorchRuntime.Version);
    }

    [Fact]
    public void Facts_AreThere()
    {
        Assert.Contains(TorchRuntime.CpuCapability, new[] { "AVX512", "AVX2", "DEFAULT", "NO AVX" });
        Assert.NotEmpty(TorchRuntime.BlasInfo);
        Assert.True(TorchRuntime.CudaDeviceCount >= 0);
    }

    [Fact]
    public void ThreadSettings_TellWhetherTheEnvironmentWasSetAtStart()
    {
        var atStart = File.ReadAllText("/proc/self/environ").Split('\0').Any(entry => entry.StartsWith("OMP_NUM_THREADS=", StringComparison.Ordinal));
        var settings = TorchRuntime.ThreadSettings;
        Assert.Equal(atStart, settings.FromEnvironment);
        Assert.Equal(atStart, settings.Warning is null);
        Assert.Equal(1, settings.InterOp);
    }

    [Fact]
    public void WarmThread_NewThread_HasTheSettingsInForce()
    {
        var expected = TorchRuntime.ThreadSettings.IntraOp;
        ThreadSettings? seen = null;
        var thread = new Thread(() =>
        {
            TorchRuntime.WarmThread();
            seen = TorchRuntime.ThreadSettings;
        });
        thread.Start();
        thread.Join();
        Assert.Equal(expected, seen?.IntraOp);
    }

    [Fact]
    public void Warning_WithoutTheEnvironment_SaysWhatToDo()
    {
        Assert.Null(new ThreadSettings(1, 1, true).Warning);
        Assert.EndsWith("Start with ./run, or export OMP_NUM_THREADS=1.", new ThreadSettings(1, 1, false).Warning, StringComparison.Ordinal);
    }
}
