using System.Text;
using Granary.Serving.Activations;
using Granary.Serving.Formats;
using Granary.Serving.Handlers;
using Granary.Serving.Models;
using Granary.Serving.Tests.Activations;
using Granary.Serving.Tests.Support;
using Granary.Serving.Weights;
using Granary.Torch;

namespace Granary.Serving.Tests.Formats.Archives;

/// <summary>What the loader does with an archive, without libtorch.</summary>
public sealed class ArchiveLoadingTests : IDisposable
{
    private static readonly byte[] TorchScript = TorchFiles.Zip(("net/constants.pkl", []), ("net/code/a.py", [])).ToArray();
    private readonly TempDirectory _directory = new();
    private readonly TestBed _bed = new();
    private readonly Factory _factory = new();

    private string ScratchPath => Path.Combine(_directory.Path, "scratch");

    [Fact]
    public async Task Load_Archive_UnpacksTheWeightsForAsLongAsItTakes()
    {
        using var model = await LoadAsync(Zip());

        Assert.Equal(TorchScript, _factory.Content!);
        Assert.Equal(1, _factory.ScratchFiles);
        Assert.Equal(new string('c', 64), model.Sha256);
        Assert.Empty(model.TakeFiles());
        Assert.Empty(Directory.GetFiles(ScratchPath));
    }

    [Fact]
    public async Task Load_ArchiveThatDoesNotLoad_LeavesNothing()
    {
        var why = await Raises.ServingAsync(ServingError.SourceFailed, () => LoadAsync(Zip([])));

        Assert.Equal("'local/m.mar' is empty", why);
        Assert.Empty(Directory.GetFiles(ScratchPath));
    }

    [Fact]
    public async Task Load_DamagedWeights_LeavesNothing()
    {
        var bytes = new ZipForge().Add("model.pt", TorchScript, deflate: true, lie: new() { Checksum = 1 }).Add("MAR-INF/MANIFEST.json", Encoding.UTF8.GetBytes(ZipForge.Manifest)).ToArray();

        var why = await Raises.ServingAsync(ServingError.SourceFailed, () => LoadAsync(bytes));

        Assert.Equal("'local/m.mar' is refused: 'model.pt' does not have its check sum: it is damaged", why);
        Assert.Empty(Directory.GetFiles(ScratchPath));
    }

    [Fact]
    public async Task Load_VocabularyOfAHandler_ComesWithTheModel()
    {
        var bytes = new ZipForge().Add("model.pt", TorchScript).Add("words.json", "{\"a\": 1}"u8.ToArray()).Add("MAR-INF/MANIFEST.json", Encoding.UTF8.GetBytes(ZipForge.Manifest)).ToArray();
        var handler = new HandlerSpec(HandlerNames.TextClassifier, new Dictionary<string, string> { ["vocabulary"] = "words.json" });

        using var model = await LoadAsync(bytes, Definition with { Handlers = [handler] });

        Assert.Equal("{\"a\": 1}"u8.ToArray(), Assert.Single(model.TakeFiles()).Value);
        Assert.Empty(model.TakeFiles());
        Assert.Equal(
            "'local/m.mar' has no file 'source_vocab.json', which a handler of its definition needs; pack it into the archive with --extra-files",
            await Raises.ServingAsync(ServingError.NotFound, () => LoadAsync(bytes, Definition with { Handlers = [new HandlerSpec(HandlerNames.TextClassifier)] })));
    }

    [Theory]
    [InlineData("../outside.json")]
    [InlineData("link.json")]
    [InlineData(".hidden")]
    [InlineData("absent.json")]
    public async Task Load_VocabularyBesideWeights_StaysInTheirDirectory(string name)
    {
        _directory.File("outside.json", "{}");
        _directory.File("m/.hidden", "{}");
        File.WriteAllBytes(_directory.File("m/model.pt"), TorchScript);
        File.CreateSymbolicLink(Path.Combine(_directory.Path, "m/link.json"), "../outside.json");
        var handler = new HandlerSpec(HandlerNames.TextClassifier, new Dictionary<string, string> { ["vocabulary"] = name });

        var why = await Raises.ServingAsync(ServingError.NotFound, () => LoadFileAsync(Path.Combine(_directory.Path, "m/model.pt"), Definition with { Handlers = [handler] }));

        Assert.Equal($"'local/m.mar' has no file '{name}', which a handler of its definition needs; pack it into the archive with --extra-files", why);
    }

    [Fact]
    public async Task Load_HandlerIsCode_RefusedUnlessTheDefinitionSaysWhatElse()
    {
        var manifest = ZipForge.Manifest.Replace("base_handler", "service.py", StringComparison.Ordinal);
        var bytes = new ZipForge().Add("model.pt", TorchScript).Add("MAR-INF/MANIFEST.json", Encoding.UTF8.GetBytes(manifest)).ToArray();

        Assert.StartsWith(
            "the archive 'local/m.mar' wants the Python handler 'service.py', and Python is never run here; ",
            await Raises.ServingAsync(ServingError.Unsupported, () => LoadAsync(bytes)));
        (await LoadAsync(bytes, Definition with { Handlers = [new HandlerSpec(HandlerNames.TorchServeBase)] })).Dispose();
    }

    [Theory]
    [InlineData("local/m.mar", ServingError.InvalidArgument, "Missing Model entry in manifest file. 'local/m.mar' has no MAR-INF/MANIFEST.json; make the archive with torch-model-archiver")]
    [InlineData("local/m.pt", ServingError.Unsupported, "'local/m.pt' is a zip file, but not one that torch.jit.save wrote: it has no constants.pkl and no code/; check the file name")]
    public async Task Load_ZipWithoutAManifest_IsToldByItsName(string source, ServingError error, string why) => Assert.Equal(
        why,
        await Raises.ServingAsync(error, () => LoadAsync(new ZipForge().Add("model.pt", [1]).ToArray(), Definition with { Source = ModelIdParser.Parse(source) })));

    [Theory]
    [InlineData("local/m.tar.gz", true)]
    [InlineData("local/m:v.TGZ", true)]
    [InlineData("local/m.pt", false)]
    public async Task Load_Gzip_IsToldByItsName(string source, bool loads)
    {
        var bytes = new TarForge().Add("m/model.pt", TorchScript).Add("m/MAR-INF/MANIFEST.json", Encoding.UTF8.GetBytes(ZipForge.Manifest)).ToArray();
        var definition = Definition with { Source = ModelIdParser.Parse(source) };

        if (loads)
        {
            (await LoadAsync(bytes, definition)).Dispose();
            Assert.Equal(TorchScript, _factory.Content!);
        }
        else
        {
            Assert.Equal(
                $"'{source}' is a gzip file; a TorchServe archive is read when its name ends in .tar.gz or .tgz, anything else is to be unpacked first",
                await Raises.ServingAsync(ServingError.Unsupported, () => LoadAsync(bytes, definition)));
        }
    }

    [Fact]
    public async Task Load_ArchiveInAnArchive_Refused() => Assert.Equal(
        "'local/m.mar' holds another TorchServe model archive where its serialized file belongs; serve that archive itself",
        await Raises.ServingAsync(ServingError.Unsupported, () => LoadAsync(Zip(Zip()))));

    [Fact]
    public void Scratch_WhatAKilledProcessLeft_GoesWithTheNextStart_WhatIsInUseStays()
    {
        _directory.File("scratch/killed.tmp");
        _directory.File("scratch/other.txt");
        var scratch = Scratch.Of(_directory.Path);
        using var used = scratch.Create("m", 1);
        used.Content.WriteByte(1);

        Scratch.Of(_directory.Path);

        Assert.Equal(new[] { used.Path, Path.Combine(ScratchPath, "other.txt") }.Order(), Directory.GetFiles(ScratchPath).Order());
    }

    [Fact]
    public void Scratch_NoRoom_SaysSo()
    {
        Assert.Equal(
            "'m' unpacks to 1,001 bytes, the weights store may have 1,000 (Weights:MaxStoreBytes)",
            Raises.Serving(ServingError.TooLarge, () => Scratch.Of(_directory.Path, maxStoreBytes: 1000).Create("m", 1001)));
        var why = Raises.Serving(ServingError.Overloaded, () => Scratch.Of(_directory.Path, minFreeBytes: long.MaxValue / 2).Create("m", 5));
        Assert.StartsWith("no room to unpack 'm': 5 bytes are needed, ", why);
        Assert.Empty(Directory.GetFiles(ScratchPath));
    }

    public void Dispose()
    {
        _bed.Dispose();
        _directory.Dispose();
    }

    private static ModelDefinition Definition => TestBed.Definition with { Source = ModelIdParser.Parse("local/m.mar") };

    private static byte[] Zip(byte[]? weights = null) =>
        new ZipForge().Add("model.pt", weights ?? TorchScript, deflate: true).Add("MAR-INF/MANIFEST.json", Encoding.UTF8.GetBytes(ZipForge.Manifest)).ToArray();

    private Task<ILoadedModel> LoadAsync(byte[] archive, ModelDefinition? definition = null)
    {
        var path = Path.Combine(_directory.Path, $"{Guid.NewGuid():N}");
        File.WriteAllBytes(path, archive);
        return LoadFileAsync(path, definition ?? Definition);
    }

    private Task<ILoadedModel> LoadFileAsync(string path, ModelDefinition definition)
    {
        _factory.Scratch = ScratchPath;
        return new ModelLoader(new Store(path), _factory, new FakeRuntime(), _bed.Host, Scratch.Of(_directory.Path)).LoadAsync(definition, default);
    }

    private sealed class Factory : IScriptModuleFactory
    {
        public string Scratch { get; set; } = "";

        public byte[]? Content { get; private set; }

        public int ScratchFiles { get; private set; }

        public ILoadedModel Load(string path, string sha256, ModuleOptions options)
        {
            Content = File.ReadAllBytes(path);
            ScratchFiles = Directory.Exists(Scratch) ? Directory.GetFiles(Scratch).Length : 0;
            return new FakeModule { Sha256 = sha256 };
        }

        public ILoadedModel Build(ModuleBlueprint blueprint, string sha256, ModuleOptions options) => throw new NotSupportedException();
    }

    private sealed class Store(string path) : IWeightsStore
    {
        public Task<WeightsLease> AcquireAsync(ModelId id, WeightsRequest options, CancellationToken cancellation = default) =>
            Task.FromResult(new WeightsLease(path, new string('c', 64), new FileInfo(path).Length, null, null));
    }
}
