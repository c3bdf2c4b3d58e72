namespace Granary.Torch.Tests.Support;

/// <summary>The committed models; Fixtures/make.py and make_newer.py make them.</summary>
internal static class Fixture
{
    public static string PathOf(string name) => Path.Combine(AppContext.BaseDirectory, "Fixtures", name + ".pt");

    public static ScriptModule Load(string name) => ScriptModule.Load(PathOf(name), new ModuleOptions());

    /// <summary>113 for libtorch 1.13, 206 for 2.6.</summary>
    public static int LibtorchNumber
    {
        get
        {
            var parts = TorchRuntime.Version.Split('.');
            return int.Parse(parts[0]) * 100 + int.Parse(parts[1]);
        }
    }

    /// <summary>Calls with positional arguments and returns the result as text, so that nothing is left to dispose.</summary>
    public static string Call(this ScriptModule module, string method, params Value[] arguments)
    {
        var positional = new Argument[arguments.Length];
        for (var i = 0; i < arguments.Length; i++)
            positional[i] = new Argument(null, arguments[i]);
        using var result = module.Invoke(method, positional);
        return Show.Of(result.Value);
    }

    public static TorchException Fail(this ScriptModule module, string method, params Value[] arguments) =>
        Assert.Throws<TorchException>(() => module.Call(method, arguments));

    public static Tensor Floats(long[] shape, params float[] values) => Tensor.From<float>(DType.Float32, shape, values);

    public static Tensor Floats(params float[] values) => Floats([values.Length], values);

    public static Tensor Doubles(long[] shape, params double[] values) => Tensor.From<double>(DType.Float64, shape, values);

    /// <summary>A path in a new empty folder, which goes away when the test process ends.</summary>
    public static string TempFile(string name)
    {
        var folder = Directory.CreateTempSubdirectory("granary-torch-").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(folder, recursive: true);
        return Path.Combine(folder, name);
    }
}
