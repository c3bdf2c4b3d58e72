using System.Globalization;
using Granary.Serving.Formats;
using Granary.Serving.Formats.Pickles;
using Granary.Serving.Tests.Support;
using Granary.Torch;
using Xunit.Abstractions;

namespace Granary.Serving.Tests.Formats.Pickles;

/// <summary>From a file of torch.save to the answer, compared with Python's.</summary>
[Collection(nameof(LiveObjectTests))]
public sealed class PickledModelTests(TorchModules models, ITestOutputHelper output) : IClassFixture<TorchModules>
{
    internal static ScriptModule Build(string path)
    {
        using var model = PickledModelReader.Read(path, ArchiveSniffer.Sniff(path).Kind, "a.torch");
        return ScriptModule.Build(model.Blueprint, new ModuleOptions());
    }

    [Fact]
    public void Read_EveryModuleInDouble_ComputesWhatPythonDoes() =>
        Compare(models.Names.Where(name => !IsFloat(name)), ".zip.torch", 1e-9);

    [Fact]
    public void Read_EveryModuleInFloat_ComputesWhatPythonDoes() =>
        Compare(models.Names.Where(IsFloat), ".zip.torch", 1e-5);

    [Fact]
    public void Read_EveryModuleInTheOldFormat_ComputesWhatPythonDoes() =>
        Compare(models.Names.Where(name => !IsFloat(name)), ".legacy.torch", 1e-9);

    [Fact]
    public void Read_EveryPickleProtocol_ComputesWhatPythonDoes()
    {
        Assert.Equal(6, models.Protocols.Count());
        Assert.All(models.Protocols, file => Assert.True(Difference("linear", file) <= 1e-9));
    }

    [Fact]
    public void Build_AfterAllModels_NothingIsLeft()
    {
        var before = TorchRuntime.LiveObjects;
        Build(models.PathOf("cnn.zip.torch")).Dispose();
        Assert.Equal(before, TorchRuntime.LiveObjects);
    }

    [Fact]
    public void Build_LargeModel_IsInMemoryOnce()
    {
        const int rows = 16_384;
        const long size = rows * 1024L * sizeof(double);
        var path = models.PathOf("large.torch");
        var pickle = new PickleWriter().Module("torch.nn.modules.linear", "Linear", more => more.Text("weight").Tensor("0", rows * 1024, 0, [rows, 1024], [1024, 1])).Op(".").Bytes;
        using (var file = File.Create(path))
            TorchFiles.Zip(("archive/data.pkl", pickle), ("archive/data/0", new byte[size])).WriteTo(file);
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        // From here on the kernel counts the peak anew.
        File.WriteAllText("/proc/self/clear_refs", "5");
        var before = PeakBytes();

        using var module = Build(path);

        Assert.Equal(size, module.ParameterBytes);
        Assert.InRange(PeakBytes() - before, size * 0.9, size * 1.5);
    }

    private static long PeakBytes()
    {
        var line = File.ReadLines("/proc/self/status").First(line => line.StartsWith("VmHWM:", StringComparison.Ordinal));
        return long.Parse(line.AsSpan(6, line.Length - 6 - 2).Trim(), CultureInfo.InvariantCulture) * 1024;
    }

    private static bool IsFloat(string name) => name.EndsWith("_float", StringComparison.Ordinal);

    private void Compare(IEnumerable<string> names, string ending, double tolerance)
    {
        var count = 0;
        var failures = new List<string>();
        foreach (var name in names)
        {
            count++;
            try
            {
                var difference = Difference(name, name + ending);
                output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name,-32} {difference:E1}"));
                if (!(difference <= tolerance))
                    failures.Add($"{name}: differs by {difference}");
            }
            catch (Exception error) when (error is ServingException or TorchException or InvalidOperationException)
            {
                failures.Add($"{name}: {error.Message}");
            }
        }

        Assert.True(failures.Count == 0, string.Join("\n", failures));
        Assert.True(count >= 80, $"only {count} models");
    }

    /// <summary>The largest difference of any element, relative to it where it is above 1.</summary>
    private double Difference(string name, string file)
    {
        var inputs = models.Inputs(name);
        var expected = models.Outputs(name);
        using var module = Build(models.PathOf(file));
        using var result = module.Invoke("forward", inputs.Select(input => new Argument(null, input)).ToArray());
        Value[] items = result.Value is TupleValue tuple ? [.. tuple.Items.Where(item => item is not NoneValue)] : [result.Value];
        Assert.Equal(expected.Length, items.Length);
        var largest = items.Zip(expected, (actual, wanted) => Difference((Tensor)actual, wanted)).Max();
        foreach (var tensor in inputs.Concat(expected))
            tensor.Dispose();
        return largest;
    }

    private static double Difference(Tensor actual, Tensor expected)
    {
        if (actual.DType != expected.DType || !actual.Shape.SequenceEqual(expected.Shape))
            throw new InvalidOperationException($"{actual.DType} [{string.Join(',', actual.Shape.ToArray())}] instead of {expected.DType} [{string.Join(',', expected.Shape.ToArray())}]");
        Assert.True(actual.ElementCount > 0);
        double largest = 0;
        for (var i = 0; i < actual.ElementCount; i++)
        {
            var (left, right) = (At(actual, i), At(expected, i));
            largest = Math.Max(largest, left.Equals(right) ? 0 : Math.Abs(left - right) / Math.Max(1, Math.Abs(right)));
            if (double.IsNaN(left) != double.IsNaN(right))
                return double.NaN;
        }

        return largest;
    }

    private static double At(Tensor tensor, int index) => tensor.DType switch
    {
        DType.Float64 => tensor.As<double>()[index],
        DType.Float32 => tensor.As<float>()[index],
        _ => throw new InvalidOperationException($"no {tensor.DType} expected"),
    };
}
