using System.Text;
using Granary.Serving.Formats;
using Granary.Serving.Formats.Archives;
using Granary.Serving.Tests.Support;

namespace Granary.Serving.Tests.Formats.Archives;

public sealed class ModelArchiveTests : IDisposable
{
    private readonly TempDirectory _directory = new();

    private static string Fixture(string name) => Path.Combine(AppContext.BaseDirectory, "Formats", "Archives", name);

    [Theory]
    [InlineData("archiver.mar", "own")]
    [InlineData("archiver.tar.gz", "own-tgz")]
    public void Open_WhatTheArchiverWrote_HasManifestAndFiles(string file, string name)
    {
        using var archive = ModelArchive.Open(Fixture(file), file);

        Assert.Equal(
            new ArchiveManifest
            {
                ModelName = name,
                ModelVersion = "1.0",
                SerializedFile = "model.pt",
                Handler = "base_handler",
                Runtime = "python",
                ArchiverVersion = "0.12.0",
                CreatedOn = archive.Manifest.CreatedOn,
            },
            archive.Manifest);
        Assert.Matches(@"^\d\d/\d\d/2026 \d\d:\d\d:\d\d$", archive.Manifest.CreatedOn);
        Assert.Equal(["MAR-INF/MANIFEST.json", "model.pt"], archive.Files.Select(static member => member.Name));
        Assert.Equal(3246, archive.LengthOf("model.pt"));
        Assert.False(archive.IsDirectory);
        var weights = new MemoryStream();
        archive.Extract("model.pt", weights);
        Assert.Equal(3246, weights.Length);
        Assert.Equal(ArchiveKind.TorchScript, ArchiveSniffer.Sniff(weights).Kind);
        Assert.Null(archive.TryRead("absent", 10));
        Assert.Equal($"'{file}' has no file 'absent'", Raises.Serving(ServingError.NotFound, () => archive.Extract("absent", Stream.Null)));
        Assert.Equal($"'{file}': 'model.pt' has 3,246 bytes; at most 100 are allowed", Raises.Serving(ServingError.TooLarge, () => archive.TryRead("model.pt", 100)));
    }

    [Fact]
    public void Open_ManifestOfTheFirstGeneration_IsRead()
    {
        using var archive = Open("""
            {"runtime": "python", "model": {"modelName": "old", "serializedFile": "model.pt", "handler": "text_classifier", "modelVersion": 1.0,
             "envelope": "json", "sourceVocab": "vocab.pt", "extensions": null}, "modelServerVersion": "1.0", "implementationVersion": "1.0", "specificationVersion": "1.0"}
            """);

        Assert.Equal(
            new ArchiveManifest { ModelName = "old", ModelVersion = "1.0", SerializedFile = "model.pt", Handler = "text_classifier", Runtime = "python", Envelope = "json", SourceVocab = "vocab.pt" },
            archive.Manifest);
    }

    [Theory]
    [InlineData("{}", "Missing Model entry in manifest file. MAR-INF/MANIFEST.json of 'm.mar' has no object \"model\"")]
    [InlineData("[]", "Missing Model entry in manifest file. MAR-INF/MANIFEST.json of 'm.mar' has no object \"model\"")]
    [InlineData("""{"model":[]}""", "Missing Model entry in manifest file. MAR-INF/MANIFEST.json of 'm.mar' has no object \"model\"")]
    [InlineData("""{"model":{"modelVersion":"1.0"},"runtime":"python"}""", "Model name is not defined. MAR-INF/MANIFEST.json of 'm.mar' has no model.modelName")]
    [InlineData("""{"model":{"modelName":"m"},"runtime":"python"}""", "Model version is not defined. MAR-INF/MANIFEST.json of 'm.mar' has no model.modelVersion")]
    [InlineData("""{"model":{"modelName":"m","modelVersion":"1.0"}}""", "Runtime is not defined or invalid. MAR-INF/MANIFEST.json of 'm.mar' says nothing; python, python3 and LSP are known")]
    [InlineData("""{"model":{"modelName":"m","modelVersion":"1.0"},"runtime":"ruby"}""", "Runtime is not defined or invalid. MAR-INF/MANIFEST.json of 'm.mar' says 'ruby'; python, python3 and LSP are known")]
    [InlineData("""{"model":{"modelName":["m"],"modelVersion":"1.0"},"runtime":"python"}""", "The manifest file is not valid. \"modelName\" of 'm.mar' is Array; a text belongs there")]
    [InlineData("""{"model":{"modelName":"\ud800","modelVersion":"1.0"},"runtime":"python"}""", "Failed to parse the manifest file. MAR-INF/MANIFEST.json of 'm.mar' holds half a surrogate pair")]
    [InlineData("{\n\n", "Failed to parse the manifest file. MAR-INF/MANIFEST.json of 'm.mar' is not JSON (line 3)")]
    public void Open_ManifestThatLacksSomething_SaysWhatTorchServeSays(string manifest, string why) =>
        Assert.Equal(why, Raises.Serving(ServingError.InvalidArgument, () => Open(manifest)));

    [Fact]
    public void Open_WithoutAManifest_SaysWhatTorchServeSays()
    {
        var path = Write(new ZipForge().Add("model.pt", [1]).ToArray());

        Assert.Equal(
            "Missing Model entry in manifest file. 'm.mar' has no MAR-INF/MANIFEST.json; make the archive with torch-model-archiver",
            Raises.Serving(ServingError.InvalidArgument, () => ModelArchive.Open(path, "m.mar")));
    }

    [Fact]
    public void Open_NoArchive_SaysSo()
    {
        Assert.Equal("'m.mar' is no model archive: a .mar (zip), a .tar.gz and a directory are read", Raises.Serving(ServingError.Unsupported, () => ModelArchive.Open(Write([1, 2, 3, 4]), "m.mar")));
        Assert.Equal("'m.mar' is empty", Raises.Serving(ServingError.SourceFailed, () => ModelArchive.Open(Write([]), "m.mar")));
    }

    [Fact]
    public async Task Open_NamedPipe_DoesNotWaitForAWriter()
    {
        var path = Write([]);
        File.Delete(path);
        using (var mkfifo = System.Diagnostics.Process.Start("mkfifo", path))
            await mkfifo.WaitForExitAsync();

        var open = Task.Run(() => Raises.Serving(ServingError.SourceFailed, () => ModelArchive.Open(path, "m.mar")));
        Assert.Equal("'m.mar' is empty", await open.WaitAsync(TimeSpan.FromSeconds(30)));
    }

    [Theory]
    [InlineData("MAR-INF/MANIFEST.json", "model.pt")]
    [InlineData("./MAR-INF/MANIFEST.json", "./model.pt")]
    [InlineData("./m/MAR-INF/MANIFEST.json", "./m/model.pt")]
    [InlineData("m/MAR-INF/MANIFEST.json", "m/model.pt")]
    public void Open_TarWithAndWithoutADirectoryAround_IsTheSame(string manifest, string model)
    {
        var path = Write(new TarForge().Add("./", [], '5').Add(manifest, Encoding.UTF8.GetBytes(ZipForge.Manifest)).Add(model, [1, 2, 3]).ToArray());

        using var archive = ModelArchive.Open(path, "m.tar.gz");

        Assert.Equal(["MAR-INF/MANIFEST.json", "model.pt"], archive.Files.Select(static file => file.Name));
        Assert.Equal([1, 2, 3], archive.TryRead("model.pt", 10));
    }

    [Fact]
    public void Open_TarWithLongNamesAndPropertiesOfAll_ReadsThem()
    {
        var name = string.Join('/', Enumerable.Repeat(new string('n', 60), 3)) + ".txt";
        var bytes = TarForge.With(tar => tar
            .Add("pax_global_header", "52 comment=0123456789012345678901234567890123456789\n"u8.ToArray(), 'g')
            .AddPax("path", "m/" + name).Add("m/short", [4]).Add("m/extra", [], '5'));

        using var archive = ModelArchive.Open(Write(bytes), "m.tar.gz");

        Assert.Equal([4], archive.TryRead(name, 10));
    }

    [Theory]
    [InlineData("")]
    [InlineData("inner/")]
    public void Open_Directory_ReadsWhatIsBelowAndLinksWithin(string inner)
    {
        _directory.File($"m/{inner}.data/weights", "abc");
        _directory.File($"m/{inner}MAR-INF/MANIFEST.json", ZipForge.Manifest);
        File.CreateSymbolicLink(Path.Combine(_directory.Path, $"m/{inner}model.pt"), ".data/weights");

        using var archive = ModelArchive.Open(Path.Combine(_directory.Path, "m"), "m");

        Assert.True(archive.IsDirectory);
        Assert.Equal(["MAR-INF/MANIFEST.json", "model.pt"], archive.Files.Select(static file => file.Name));
        Assert.Equal("abc"u8.ToArray(), archive.TryRead("model.pt", 10));
        Assert.Equal(inner, archive.Inner);
    }

    [Fact]
    public void Extract_Cancelled_Stops()
    {
        using var archive = ModelArchive.Open(Fixture("archiver.mar"), "m");

        Assert.Throws<OperationCanceledException>(() => archive.Extract("model.pt", Stream.Null, new CancellationToken(canceled: true)));
    }

    [Fact]
    public void Crc32_KnownTexts_HaveTheirSums()
    {
        var sum = default(Crc32);
        sum.Append("1234"u8);
        sum.Append("56789"u8);
        Assert.Equal(0xCBF43926u, sum.Value);
        sum = default;
        sum.Append("The quick brown fox jumps over the lazy dog"u8);
        Assert.Equal(0x414FA339u, sum.Value);
        Assert.Equal(0u, default(Crc32).Value);
    }

    public void Dispose() => _directory.Dispose();

    private ModelArchive Open(string manifest) => ModelArchive.Open(Write(new ZipForge().Add("MAR-INF/MANIFEST.json", Encoding.UTF8.GetBytes(manifest)).ToArray()), "m.mar");

    private string Write(byte[] archive)
    {
        var path = Path.Combine(_directory.Path, $"{Guid.NewGuid():N}.mar");
        File.WriteAllBytes(path, archive);
        return path;
    }
}
