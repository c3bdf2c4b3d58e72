using Granary.Serving.Activations;
using Granary.Serving.Formats;
using Granary.Serving.Models;
using Granary.Serving.Tests.Activations;
using Granary.Serving.Tests.Formats.Pickles;
using Granary.Serving.Tests.Support;
using Granary.Serving.Weights;
using Granary.Torch;

namespace Granary.Serving.Tests.Formats;

public sealed class ModelLoaderTests : IDisposable
{
    private readonly string _path = Path.GetTempFileName();
    private readonly TestBed _bed = new(memory: new ModelMemoryOptions { MaxResidentBytes = 1000 });
    private readonly Store _store;
    private readonly Factory _factory = new();

    public ModelLoaderTests() => _store = new Store(_path);

    private static MemoryStream TorchScript => TorchFiles.Zip(("net/constants.pkl", []), ("net/code/a.py", []));

    private Task<ILoadedModel> LoadAsync(ModelDefinition definition, int gpus = 0) =>
        new ModelLoader(_store, _factory, new FakeRuntime { CudaDeviceCount = gpus }, _bed.Host, Scratch.Of(Path.GetTempPath())).LoadAsync(definition, default);

    [Theory]
    [InlineData("cpu", 0, "cpu")]
    [InlineData("auto", 0, "cpu")]
    [InlineData("auto", 2, "cuda:0")]
    [InlineData("cuda", 1, "cuda:0")]
    [InlineData("cuda:1", 2, "cuda:1")]
    public async Task LoadAsync_TorchScript_LoadsOntoTheDeviceAndFreesTheFile(string device, int gpus, string expected)
    {
        File.WriteAllBytes(_path, TorchScript.ToArray());

        using var model = await LoadAsync(TestBed.Definition with { Device = device, Optimize = true, IntraOpThreads = 3, Sha256 = new string('b', 64), Trusted = true }, gpus);

        Assert.Equal(new string('c', 64), model.Sha256);
        Assert.Equal(new ModuleOptions { Device = expected, Optimize = true, IntraOpThreads = 3 }, _factory.Options);
        Assert.Equal(new WeightsRequest(new string('b', 64), true), _store.Request);
        Assert.Equal(0, _store.Leases);
    }

    [Theory]
    [InlineData("cuda:1", ServingError.Unavailable, "device 'cuda:1' is not on this host, which has 1 usable GPUs; use auto or cpu")]
    [InlineData("tpu", ServingError.InvalidArgument, "'tpu' is not a device; use auto, cpu or cuda:N")]
    [InlineData("cuda:x", ServingError.InvalidArgument, "'cuda:x' is not a device; use auto, cpu or cuda:N")]
    public async Task LoadAsync_NoSuchDevice_SaysSo(string device, ServingError kind, string message)
    {
        File.WriteAllBytes(_path, TorchScript.ToArray());

        var error = await Assert.ThrowsAsync<ServingException>(() => LoadAsync(TestBed.Definition with { Device = device }, gpus: 1));

        Assert.Equal((kind, message), (error.Error, error.Message));
    }

    [Fact]
    public async Task LoadAsync_NotTorchScript_RefusedWithoutItsPathAndFileFreed()
    {
        File.WriteAllBytes(_path, TorchFiles.ModulePickle);

        var error = await Assert.ThrowsAsync<ServingException>(() => LoadAsync(TestBed.Definition));

        Assert.Equal(ServingError.Unsupported, error.Error);
        Assert.DoesNotContain(_path, error.Message);
        Assert.Equal(0, _store.Leases);
    }

    [Fact]
    public async Task LoadAsync_PickleThatIsNoModel_SaysWhatIsWrongWithItAndMakesNoRoom()
    {
        var files = new (byte[] File, ServingError Error, string Message)[]
        {
            (new PickleWriter().Call("builtins", "eval", call => call.Text("1")).File(), ServingError.Unsupported,
                "asks Python to call builtins.eval, which is never done here; Python does it when it loads the file, so only if you trust who made it, convert it"),
            (new PickleWriter().Op("X").Raw(0xff, 0xff, 0xff, 0xff).File(), ServingError.SourceFailed, "is damaged: its pickle ends in the middle"),
            (new PickleWriter().Op("]").File(), ServingError.Unsupported, "holds a list, not a model"),
            (TorchFiles.Zip(("archive/data.pkl", TorchFiles.StateDictPickle), ("archive/data/0", new byte[32])).ToArray(), ServingError.Unsupported, "holds only weights (a state_dict)"),
        };
        foreach (var (file, kind, message) in files)
        {
            File.WriteAllBytes(_path, file);

            var error = await Assert.ThrowsAsync<ServingException>(() => LoadAsync(TestBed.Definition));

            Assert.Equal(kind, error.Error);
            Assert.Contains(message, error.Message, StringComparison.Ordinal);
            Assert.Null(_factory.Blueprint);
            Assert.Equal(0, _store.Leases);
        }
    }

    [Fact]
    public async Task LoadAsync_PickledModule_IsBuiltOntoTheDevice()
    {
        File.WriteAllBytes(_path, new PickleWriter().Linear().File());

        using var model = await LoadAsync(TestBed.Definition with { Device = "cuda", Optimize = true }, gpus: 1);

        Assert.Equal(("Linear", new string('c', 64)), (_factory.Blueprint, model.Sha256));
        Assert.Equal(new ModuleOptions { Device = "cuda:0", Optimize = true }, _factory.Options);
        Assert.Equal(0, _store.Leases);
    }

    [Fact]
    public async Task LoadAsync_PickledModuleWhereTorchScriptIsRequired_Refused()
    {
        File.WriteAllBytes(_path, new PickleWriter().Linear().File());

        var error = await Assert.ThrowsAsync<ServingException>(() => LoadAsync(TestBed.Definition with { RequireTorchScript = true }));

        Assert.Equal(ServingError.Unsupported, error.Error);
        Assert.EndsWith(
            "is a pickled Python module (class torch.nn.modules.linear.Linear), and only TorchScript is accepted for this model (USE_JIT=true, RequireTorchScript); "
            + "convert it in Python with torch.jit.script(model).save('model.pt') and serve that file",
            error.Message);
        Assert.Null(_factory.Options);
    }

    [Fact]
    public async Task LoadAsync_DamagedPickle_NamesTheModelNotThePath()
    {
        File.WriteAllBytes(_path, new PickleWriter().Linear(weight => weight.Tensor("7", 8, 0, [2, 4], [4, 1])).File());

        var error = await Assert.ThrowsAsync<ServingException>(() => LoadAsync(TestBed.Definition));

        Assert.Equal((ServingError.SourceFailed, $"'{TestBed.Definition.Source}' is damaged: it has no storage '7'; it was probably cut off on its way: upload it again"), (error.Error, error.Message));
        Assert.Equal(0, _store.Leases);
    }

    [Fact]
    public async Task LoadAsync_FileLargerThanTheBudget_RefusedBeforeItIsRead()
    {
        File.WriteAllBytes(_path, TorchFiles.Zip(("net/constants.pkl", []), ("net/code/a.py", []), ("net/data/0", new byte[2000])).ToArray());

        var error = await Assert.ThrowsAsync<ServingException>(() => LoadAsync(TestBed.Definition));

        Assert.Equal(ServingError.Overloaded, error.Error);
        Assert.Null(_factory.Options);
    }

    public void Dispose()
    {
        _bed.Dispose();
        File.Delete(_path);
    }

    private sealed class Factory : IScriptModuleFactory
    {
        public ModuleOptions? Options { get; private set; }

        public string? Blueprint { get; private set; }

        public ILoadedModel Load(string path, string sha256, ModuleOptions options)
        {
            Options = options;
            return new FakeModule { Sha256 = sha256 };
        }

        public ILoadedModel Build(ModuleBlueprint blueprint, string sha256, ModuleOptions options)
        {
            Blueprint = blueprint.Name;
            return Load("", sha256, options);
        }
    }

    private sealed class Store(string path) : IWeightsStore
    {
        public int Leases { get; private set; }

        public WeightsRequest Request { get; private set; }

        public Task<WeightsLease> AcquireAsync(ModelId id, WeightsRequest options, CancellationToken cancellation = default)
        {
            Leases++;
            Request = options;
            return Task.FromResult(new WeightsLease(path, new string('c', 64), new FileInfo(path).Length, null, new Release(this)));
        }

        private sealed class Release(Store store) : IDisposable
        {
            public void Dispose() => store.Leases--;
        }
    }
}
