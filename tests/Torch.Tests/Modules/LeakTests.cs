using System.Diagnostics;
using Granary.Torch.Tests.Support;

namespace Granary.Torch.Tests.Modules;

public sealed class LeakTests
{
    private static readonly TimeSpan PythonLimit = TimeSpan.FromMinutes(2);

    [Fact]
    public void Invoke_TenThousandMixedCallsWithErrors_LeaveNoNativeObject()
    {
        using (var echo = Fixture.Load("echo"))
        using (var outputs = Fixture.Load("outputs"))
        using (var x = Fixture.Floats(1, 2, 3))
        {
            for (var i = 0; i < 1_000; i++)
            {
                echo.Call("forward", x);
                echo.Call("nested", new ListValue([new ListValue([RoundTripTests.Dict((new StringValue("k"), new ListValue([new IntValue(i)])))])]));
                outputs.Call("twice", x);
                outputs.Call("parameter");
                outputs.Call("forked", x);
                echo.Fail("integer", new StringValue("no"));
                echo.Fail("union", new ListValue([x]));
                outputs.Fail("fail", x, new IntValue(1));
                outputs.Fail("sparse", x);
                echo.Fail("no such method");
            }
        }

        Assert.Equal(new LiveObjects(0, 0, 0), TorchRuntime.LiveObjects);
    }

    [Fact]
    public void Load_Fails_LeavesNoNativeObject()
    {
        foreach (var name in new[] { "not_a_model", "missing_operator", "missing_class", "state_dict" })
            Assert.Throws<TorchException>(() => Fixture.Load(name));
        Assert.Equal(new LiveObjects(0, 0, 0), TorchRuntime.LiveObjects);
    }

    [Fact]
    public void LiveObjects_WhileThingsLive_CountsThem()
    {
        using var module = Fixture.Load("outputs");
        using var result = module.Invoke("parameter", []);
        using var another = module.Invoke("parameter", []);
        Assert.Equal(new LiveObjects(1, 2, 0), TorchRuntime.LiveObjects);
    }

    [Fact]
    public void Dispose_LargeModel_GivesTheMemoryBack()
    {
        var path = Fixture.TempFile("large.pt");
        Python(Path.Combine(AppContext.BaseDirectory, "Fixtures", "large.py"), path);
        // Once before measuring: what libtorch and .NET keep for ever is no leak.
        Use("linear8");
        LoadAndCall(path);
        var before = ResidentBytes();
        // 100 MB each time, so a leak shows as 1,200; the allocator and a busy machine move what is resident by some tens of MB.
        for (var i = 0; i < 12; i++)
            LoadAndCall(path);
        var after = ResidentBytes();
        File.Delete(path);
        Assert.True(after <= before + 150e6, $"resident before {before / 1e6:F0} MB, after {after / 1e6:F0} MB");
    }

    private static void Use(string name) => Fixture.Load(name).Dispose();

    private static void LoadAndCall(string path)
    {
        using var module = ScriptModule.Load(path, new ModuleOptions());
        using var row = Tensor.Rent(DType.Float32, [1, 1000]);
        row.As<float>().Fill(1);
        module.Call("forward", row);
        Assert.Equal(25 * 1001 * 1000 * 4, module.ParameterBytes);
    }

    private static long ResidentBytes()
    {
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        GC.WaitForPendingFinalizers();
        foreach (var line in File.ReadLines("/proc/self/status"))
        {
            if (line.StartsWith("VmRSS:", StringComparison.Ordinal))
                return long.Parse(line.AsSpan(6, line.Length - 6 - 2).Trim()) * 1024;
        }

        throw new InvalidOperationException("no VmRSS in /proc/self/status");
    }

    private static void Python(string script, string argument)
    {
        const string interpreter = "/usr/bin/python3";
        Assert.True(File.Exists(interpreter), "this test needs Debian's Python with torch: apt install python3-torch (./test does)");
        using var process = Process.Start(new ProcessStartInfo(interpreter, [script, argument]) { RedirectStandardError = true })!;
        var errors = process.StandardError.ReadToEndAsync();
        Assert.True(process.WaitForExit(PythonLimit), "making the large model took too long");
        Assert.True(process.ExitCode == 0, "making the large model failed; apt install python3-torch (./test does): " + errors.Result);
    }
}
