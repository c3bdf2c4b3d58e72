using System.Diagnostics;
using Granary.Serving.Tests.Support;

namespace Granary.Serving.Tests.Formats.Sklearn;

/// <summary>Tests that share the models.</summary>
[CollectionDefinition(nameof(SklearnModels))]
public sealed class SklearnCollection : ICollectionFixture<SklearnModels>;

/// <summary>The folder that make_models.py fills, once for all tests, with models and scikit-learn's answers.</summary>
public sealed class SklearnModels : IDisposable
{
    private const string Interpreter = "/usr/bin/python3";
    private readonly TempDirectory _folder = new();
    private readonly Lazy<string> _own;
    private readonly Lazy<string?> _real;

    public SklearnModels()
    {
        _own = new(() => Make("own"));
        _real = new(() => Environment.GetEnvironmentVariable("SK2TORCH") is { Length: > 0 } library ? Make("real", library) : null);
    }

    /// <summary>Models in stand-ins for sk2torch's modules.</summary>
    public string Own => _own.Value;

    /// <summary>The same models wrapped by the library itself; null unless SK2TORCH names the folder of a checkout of it.</summary>
    public string? Real => _real.Value;

    public void Dispose() => _folder.Dispose();

    private string Make(params string[] arguments)
    {
        Assert.True(File.Exists(Interpreter), "this test needs Debian's Python with torch and scikit-learn: apt install python3-torch python3-sklearn (./test does)");
        var folder = Directory.CreateDirectory(Path.Combine(_folder.Path, arguments[0])).FullName;
        var script = Path.Combine(AppContext.BaseDirectory, "Formats", "Sklearn", "make_models.py");
        var start = new ProcessStartInfo(Interpreter, ["-B", script, folder, .. arguments[1..]]) { RedirectStandardError = true, RedirectStandardOutput = true };
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"make_models.py failed; apt install python3-torch python3-sklearn (./test does): {output.Result}{errors}");
        return folder;
    }
}
