using System.Text.Json;
using Granary.Serving.Tests.Support;
using Granary.Torch;

namespace Granary.Serving.Tests.Formats.Pickles;

/// <summary>Models that Python saved, with the outputs that Python computed; make_modules.py makes them, once for all tests of a class.</summary>
public sealed class TorchModules : IDisposable
{
    private readonly TempDirectory _directory = new();
    private readonly JsonDocument _models;

    public TorchModules()
    {
        DebianPython.Run(Path.Combine(AppContext.BaseDirectory, "Formats", "Pickles", "make_modules.py"), _directory.Path);
        _models = JsonDocument.Parse(File.ReadAllBytes(PathOf("models.json")));
    }

    /// <summary>Every model.</summary>
    public IEnumerable<string> Names => _models.RootElement.EnumerateObject().Select(model => model.Name);

    /// <summary>The same model in pickles of other protocols.</summary>
    public IEnumerable<string> Protocols => _models.RootElement.GetProperty("linear").GetProperty("protocols").EnumerateArray().Select(file => file.GetString()!);

    public string PathOf(string file) => Path.Combine(_directory.Path, file);

    /// <summary>The tensors that a model takes, to be disposed.</summary>
    internal Tensor[] Inputs(string model) => Tensors(model, "inputs");

    /// <summary>The tensors that Python got, to be disposed.</summary>
    internal Tensor[] Outputs(string model) => Tensors(model, "outputs");

    public void Dispose()
    {
        _models.Dispose();
        _directory.Dispose();
    }

    private Tensor[] Tensors(string model, string which) =>
        _models.RootElement.GetProperty(model).GetProperty(which).EnumerateArray().Select(Read).ToArray();

    private static Tensor Read(JsonElement described)
    {
        var name = described.GetProperty("dtype").GetString();
        var dtype = Enum.GetValues<DType>().Single(known => known.TorchName() == name);
        var shape = described.GetProperty("shape").EnumerateArray().Select(size => size.GetInt64()).ToArray();
        return Tensor.From<byte>(dtype, shape, described.GetProperty("data").GetBytesFromBase64());
    }
}
