namespace Granary.Api.Tests.TorchServing;

/// <summary>Identifiers that lead out of the roots, each at a model that could be served if it were allowed.</summary>
[Collection(TorchServingCollection.Name)]
public sealed class EscapeTests : IDisposable
{
    private const string Body = """{"type": "tensor", "shape": [1], "value": [1]}""";
    private readonly TorchServingBed _bed;
    private readonly string _outside;
    private readonly string _sibling;
    private readonly string _link;
    private readonly string _linkedFolder;

    public EscapeTests(TorchServingBed bed)
    {
        _bed = bed;
        var model = Path.Combine(bed.Models, "echo_0.pt");
        _outside = Path.Combine(bed.Outside, "outside.pt");
        File.Copy(model, _outside, true);
        _sibling = Directory.CreateDirectory(bed.Models + "-private").FullName;
        File.Copy(model, Path.Combine(_sibling, "secret.pt"), true);
        _link = Path.Combine(bed.Models, "link.pt");
        File.CreateSymbolicLink(_link, _outside);
        _linkedFolder = Path.Combine(bed.Models, "linked");
        Directory.CreateSymbolicLink(_linkedFolder, _sibling);
    }

    public void Dispose()
    {
        File.Delete(_link);
        Directory.Delete(_linkedFolder);
        Directory.Delete(_sibling, true);
        File.Delete(_outside);
    }

    [Theory]
    [InlineData("../outside.pt")]
    [InlineData("./../outside.pt")]
    [InlineData("linked/../../outside.pt")]
    [InlineData("local/../outside.pt")]
    [InlineData("../models-private/secret.pt")]
    [InlineData("MODELS-private/secret.pt")]
    [InlineData("MODELS/../outside.pt")]
    [InlineData("OUTSIDE/outside.pt")]
    [InlineData("local/OUTSIDE/outside.pt")]
    [InlineData("//OUTSIDE/outside.pt")]
    [InlineData("link.pt")]
    [InlineData("linked/secret.pt")]
    [InlineData("MODELS/link.pt")]
    [InlineData("MODELS/linked/secret.pt")]
    [InlineData("..%2Foutside.pt")]
    [InlineData("..\\outside.pt")]
    [InlineData("/etc/passwd")]
    [InlineData("file:///etc/passwd")]
    public async Task Serve_IdentifierOutOfTheRoots_IsInvalidAndTellsNoPath(string identifier)
    {
        identifier = identifier.Replace("MODELS", _bed.Models, StringComparison.Ordinal).Replace("OUTSIDE", _bed.Outside, StringComparison.Ordinal);
        var (status, text) = await _bed.ServeAsync(identifier, Body);
        Assert.Equal(400, status);
        Assert.StartsWith("""{"code":400,"description":"Invalid servable identifier","detail":""", text, StringComparison.Ordinal);
        if (!identifier.Contains(_bed.Outside, StringComparison.Ordinal))
            Assert.DoesNotContain(_bed.Outside, text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Serve_WithoutRoots_ServesNoFile()
    {
        await using var server = await EndToEnd.RealServer.StartAsync([]);
        foreach (var identifier in (string[])[Path.Combine(_bed.Models, "echo_0.pt"), "echo_0.pt", "local/echo_0.pt"])
        {
            var (status, text) = await TorchServingBed.ServeAsync(server.Client, identifier, System.Text.Encoding.UTF8.GetBytes(Body));
            Assert.Equal(400, status);
            Assert.StartsWith("""{"code":400,"description":"Invalid servable identifier","detail":""", text, StringComparison.Ordinal);
        }
    }
}
