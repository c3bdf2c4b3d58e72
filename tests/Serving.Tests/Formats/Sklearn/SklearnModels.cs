using Granary.Serving.Tests.Support;

namespace Granary.Serving.Tests.Formats.Sklearn;

/// <summary>Tests that share the models.</summary>
[CollectionDefinition(nameof(SklearnModels))]
public sealed class SklearnCollection : ICollectionFixture<SklearnModels>;

/// <summary>The folder that make_models.py fills, once for all tests, with models and scikit-learn's answers.</summary>
public sealed class SklearnModels : IDisposable
{
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
        var folder = Directory.CreateDirectory(Path.Combine(_folder.Path, arguments[0])).FullName;
        DebianPython.Run(Path.Combine(AppContext.BaseDirectory, "Formats", "Sklearn", "make_models.py"), [folder, .. arguments[1..]]);
        return folder;
    }
}
