using System.Text;
using Granary.Serving.Models;
using Granary.Serving.Sources.Manifests;
using Granary.Serving.Tests.Support;

namespace Granary.Serving.Tests.Sources;

public sealed class RitualManifestTests
{
    private static readonly ModelId Id = ModelIdParser.Parse("huggingface/o/n");
    private static readonly string Hash = new('a', 64);

    [Fact]
    public void Parse_ManifestOfInfernet_TellsFilesAndHashes()
    {
        var manifest = Parse($$"""
            {"files": ["model.torch", "sub/readme.md"], "metadata": {"model.torch": {"cpu_cores": 2} }, "repo_id": null,
             "artifact_type": "ModelArtifact", "file_hashes": {"model.torch": " {{Hash.ToUpperInvariant()}} " } }
            """);

        Assert.Equal(["model.torch", "sub/readme.md"], manifest.Files);
        Assert.Equal(Hash, manifest.Sha256("model.torch"));
        Assert.Null(manifest.Sha256("sub/readme.md"));
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"files": null, "file_hashes": null}""")]
    public void Parse_EmptyManifest_DemandsNothing(string json)
    {
        Assert.Empty(Parse(json).Files);
        Assert.Null(Parse(json).Sha256("model.torch"));
    }

    [Theory]
    [InlineData("", "it is no JSON")]
    [InlineData("[]", "it is a JSON array; expected an object")]
    [InlineData("""{"files": {}}""", "'files' is no list")]
    [InlineData("""{"files": [1]}""", "'files' holds something else than strings")]
    [InlineData("""{"files": ["../secret.pt"]}""", "a file name holds the segment '..'")]
    [InlineData("""{"files": ["/etc/passwd"]}""", "a file name has an empty segment")]
    [InlineData("""{"file_hashes": []}""", "'file_hashes' is no object")]
    [InlineData("""{"file_hashes": {"a.pt": null}}""", "the hash of 'a.pt' is no SHA-256 in hex")]
    [InlineData("""{"file_hashes": {"a.pt": "xyz"}}""", "the hash of 'a.pt' is no SHA-256 in hex")]
    public void Parse_DamagedManifest_SaysWhatIsWrong(string json, string expected)
        => Assert.Equal(
            $"the ritual_manifest.json of 'huggingface/o/n' is not valid: {expected}", Raises.Serving(ServingError.SourceFailed, () => Parse(json)));

    [Fact]
    public void Parse_TwoHashesOfOneFile_AreRefusedWhenTheyDiffer()
    {
        var other = new string('b', 64);

        Assert.EndsWith("it has two hashes of 'a.pt'", Raises.Serving(
            ServingError.SourceFailed, () => Parse($$"""{"file_hashes": {"a.pt": "{{Hash}}", "a.pt": "{{other}}"} }""")), StringComparison.Ordinal);
        Assert.Equal(Hash, Parse($$"""{"file_hashes": {"a.pt": "{{Hash}}", "a.pt": "{{Hash}}"} }""").Sha256("a.pt"));
    }

    [Theory]
    [InlineData("net.pth", "net.pth", "readme.md", "net.pth", "ritual_manifest.json")]
    [InlineData("model.torch", "a.pt", "model.torch")]
    [InlineData("model.pt", "a.pt", "b.torch", "model.pt")]
    [InlineData("a.pt", "a.pt", "a.pt")]
    public void Choose_OneModel_IsTaken(string expected, params string[] names)
        => Assert.Equal(expected, ModelFiles.Choose(Id, null, () => names));

    [Theory]
    [InlineData("(in it: a.pt, b.pt)", "b.pt", "a.pt")]
    [InlineData("(in it: model.pt, model.torch)", "model.pt", "model.torch")]
    [InlineData("(no .torch, .pt or .pth file is in it)", "a.safetensors")]
    [InlineData("j.pt, …)", "a.pt", "b.pt", "c.pt", "d.pt", "e.pt", "f.pt", "g.pt", "h.pt", "i.pt", "j.pt", "k.pt")]
    public void Choose_Doubt_NamesTheCandidates(string expected, params string[] names)
        => Assert.EndsWith(expected, Raises.Serving(ServingError.NotFound, () => ModelFiles.Choose(Id, null, () => names)), StringComparison.Ordinal);

    [Fact]
    public void Choose_ManifestWithFiles_CountsInsteadOfTheListing()
        => Assert.Equal("b.pt", ModelFiles.Choose(Id, Parse("""{"files": ["b.pt"]}"""), static () => throw new InvalidOperationException("not asked for")));

    private static RitualManifest Parse(string json) => RitualManifest.Parse(Encoding.UTF8.GetBytes(json), Id);
}
