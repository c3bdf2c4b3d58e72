using Granary.Serving.Models;
using Granary.Serving.Sources;
using Granary.Serving.Tests.Support;
using Microsoft.Extensions.Options;

namespace Granary.Serving.Tests.Sources;

public sealed class LocalSourceTests : IDisposable
{
    private readonly TempDirectory _temp = new();
    private readonly LocalSourceOptions _options;

    public LocalSourceTests()
    {
        _temp.File("models/a.pt");
        _temp.File("models-evil/b.pt");
        _temp.File("secret.pt");
        _options = new LocalSourceOptions { Roots = [Inside("models") + "/"] };
    }

    public void Dispose() => _temp.Dispose();

    [Theory]
    [InlineData("local/a.pt")]
    [InlineData("local//ROOT/models/a.pt")]
    [InlineData("local//ROOT/models:a.pt")]
    public async Task ResolveAsync_FileUnderARoot_IsFound(string id)
    {
        var file = await ResolveAsync(id);

        Assert.Equal(Inside("models/a.pt"), file.Path);
        Assert.Equal(7, file.Length);
    }

    [Theory]
    [InlineData("local//ROOT/secret.pt")]
    [InlineData("local//ROOT/models-evil/b.pt")]
    [InlineData("local//ROOT/models-evil/absent.pt")]
    [InlineData("local//etc/passwd")]
    public async Task ResolveAsync_AbsolutePathOutsideTheRoots_IsDeniedWhetherOrNotItExists(string id)
        => Assert.Contains("outside LocalSource:Roots", await Raises.ServingAsync(ServingError.PermissionDenied, () => ResolveAsync(id)), StringComparison.Ordinal);

    [Theory]
    [InlineData("../secret.pt")]
    [InlineData("x/../../secret.pt")]
    [InlineData("..")]
    public async Task ResolveAsync_HandMadeIdWithDots_IsRefused(string repository)
        => await Raises.ServingAsync(ServingError.InvalidArgument, () => new LocalSource(Options.Create(_options))
            .ResolveAsync(new ModelId(ModelSourceKind.Local, repository, null, null), false, default));

    [Fact]
    public async Task ResolveAsync_LinksThatLeaveTheRoot_AreDenied()
    {
        File.CreateSymbolicLink(Inside("models/file.pt"), Inside("secret.pt"));
        File.CreateSymbolicLink(Inside("models/relative.pt"), "../secret.pt");
        Directory.CreateSymbolicLink(Inside("models/sibling"), Inside("models-evil"));
        Directory.CreateSymbolicLink(Inside("models/up"), "..");
        Directory.CreateDirectory(Inside("models/single"));
        File.CreateSymbolicLink(Inside("models/single/model.pt"), Inside("secret.pt"));

        foreach (var id in (string[])["local/file.pt", "local/relative.pt", "local/sibling/b.pt", "local/up/secret.pt", "local/single"])
            await Raises.ServingAsync(ServingError.PermissionDenied, () => ResolveAsync(id));
    }

    [Fact]
    public async Task ResolveAsync_LinksWithinTheRoot_AreFollowed()
    {
        Directory.CreateDirectory(Inside("models/v1"));
        File.CreateSymbolicLink(Inside("models/v1/m.pt"), "../a.pt");
        Directory.CreateSymbolicLink(Inside("models/latest"), "v1");

        Assert.Equal(Inside("models/a.pt"), (await ResolveAsync("local/latest/m.pt")).Path);
    }

    [Fact]
    public async Task ResolveAsync_RootThatIsALink_Works()
    {
        Directory.CreateSymbolicLink(Inside("link"), Inside("models"));
        _options.Roots = [Inside("link")];

        Assert.Equal(Inside("models/a.pt"), (await ResolveAsync("local/a.pt")).Path);
    }

    [Fact]
    public async Task ResolveAsync_LinksInACircle_AreNotFound()
    {
        File.CreateSymbolicLink(Inside("models/x.pt"), "y.pt");
        File.CreateSymbolicLink(Inside("models/y.pt"), "x.pt");

        await Raises.ServingAsync(ServingError.NotFound, () => ResolveAsync("local/x.pt"));
    }

    [Fact]
    public async Task ResolveAsync_Trusted_ReachesEverything()
        => Assert.Equal(Inside("secret.pt"), (await ResolveAsync("local//ROOT/secret.pt", trusted: true)).Path);

    [Fact]
    public async Task ResolveAsync_NoRoots_IsDenied()
    {
        _options.Roots = [];
        Assert.Contains("has no LocalSource:Roots", await Raises.ServingAsync(ServingError.PermissionDenied, () => ResolveAsync("local/a.pt")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ResolveAsync_Missing_NamesTheIdButNoServerPath()
    {
        var message = await Raises.ServingAsync(ServingError.NotFound, () => ResolveAsync("local/absent.pt"));

        Assert.Equal("model id 'local/absent.pt': there is no such file", message);
    }

    [Fact]
    public async Task ResolveAsync_EmptyFile_IsRefused()
    {
        _temp.File("models/empty.pt", "");
        Assert.Contains("is empty", await Raises.ServingAsync(ServingError.NotFound, () => ResolveAsync("local/empty.pt")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ResolveAsync_DirectoryWithOneModel_TakesIt()
    {
        _temp.File("models/one/weights.pth");
        _temp.File("models/one/readme.md");
        _temp.File("models/usual/model.torch");
        _temp.File("models/usual/other.pt");

        Assert.Equal(Inside("models/one/weights.pth"), (await ResolveAsync("local/one")).Path);
        Assert.Equal(Inside("models/usual/model.torch"), (await ResolveAsync("local/usual")).Path);
    }

    [Fact]
    public async Task ResolveAsync_DirectoryInDoubt_NamesTheChoices()
    {
        _temp.File("models/two/b.pt");
        _temp.File("models/two/a.torch");
        Directory.CreateDirectory(Inside("models/none"));

        Assert.Contains("name the file after ':' (in it: a.torch, b.pt)",
            await Raises.ServingAsync(ServingError.NotFound, () => ResolveAsync("local/two")), StringComparison.Ordinal);
        Assert.Contains("no .torch, .pt or .pth file is in it",
            await Raises.ServingAsync(ServingError.NotFound, () => ResolveAsync("local/none")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ResolveAsync_InfernetCache_IsRead()
    {
        _options.InfernetCache = Inside("cache");
        _temp.File("cache/local/owner/name/default/m.torch");
        _temp.File("cache/local/owner/name/v1/m.torch");

        Assert.Equal(Inside("cache/local/owner/name/default/m.torch"), (await ResolveAsync("local/owner/name:m.torch")).Path);
        Assert.Equal(Inside("cache/local/owner/name/v1/m.torch"), (await ResolveAsync("local/owner/name/v1:m.torch")).Path);
    }

    private string Inside(string name) => Path.Combine(_temp.Path, name);

    private async Task<LocalSourceFile> ResolveAsync(string id, bool trusted = false)
    {
        var parsed = ModelIdParser.Parse(id.Replace("/ROOT", _temp.Path, StringComparison.Ordinal));
        return (LocalSourceFile)await new LocalSource(Options.Create(_options)).ResolveAsync(parsed, trusted, default);
    }
}
