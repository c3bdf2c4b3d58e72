namespace Granary.Api.Tests.TorchServe.Management;

/// <summary>
/// Where an archive may come from: CVE-2024-35198 (<c>..</c> in an allowed <c>file://</c> URL), links, and siblings of the model store that
/// begin with its name.
/// </summary>
public sealed class ArchivePlacesTests : IAsyncLifetime
{
    private readonly TorchServeBed _bed = new();
    private readonly DirectoryInfo _outside = Directory.CreateTempSubdirectory("granary-places-");

    private string Allowed => Path.Combine(_outside.FullName, "allowed");

    private string Secret => Path.Combine(_outside.FullName, "secret");

    public async Task InitializeAsync()
    {
        Directory.CreateDirectory(Allowed);
        Directory.CreateDirectory(Secret);
        ModelArchives.Write(Path.Combine(Allowed, "fine.mar"), "fine");
        ModelArchives.Write(Path.Combine(Secret, "hidden.mar"), "hidden");
        File.CreateSymbolicLink(Path.Combine(Allowed, "link.mar"), Path.Combine(Secret, "hidden.mar"));
        await _bed.StartAsync($"--Granary:TorchServe:AllowedUrls:0=file://{Allowed}/.*", "--Granary:TorchServe:AllowedUrls:1=http://.*");
        Directory.CreateDirectory(_bed.Store + "-sibling");
        ModelArchives.Write(Path.Combine(_bed.Store + "-sibling", "hidden.mar"), "hidden");
        File.CreateSymbolicLink(Path.Combine(_bed.Store, "link.mar"), Path.Combine(Secret, "hidden.mar"));
        Directory.CreateSymbolicLink(Path.Combine(_bed.Store, "folder"), Secret);
    }

    public async Task DisposeAsync()
    {
        await _bed.DisposeAsync();
        _outside.Delete(true);
    }

    private Task<(int Status, string Body)> RegisterAsync(string url) => _bed.SendAsync(HttpMethod.Post, $"/models?url={Uri.EscapeDataString(url)}&initial_workers=1");

    [Fact]
    public async Task Register_AnAllowedFile_IsServed()
    {
        Assert.Equal(200, (await RegisterAsync($"file://{Allowed}/fine.mar")).Status);
        Assert.Equal((200, "[\n  3.0\n]"), await _bed.PredictAsync("/predictions/fine", "[1.0]"));
    }

    [Fact]
    public async Task Register_AFileOfTheStoreByItsWholePath_IsServed() =>
        Assert.Equal(200, (await RegisterAsync(Path.Combine(_bed.Store, "twice.mar"))).Status);

    [Theory]
    [InlineData("file://{0}/../secret/hidden.mar")]
    [InlineData("file://{0}/%2e%2e/secret/hidden.mar")]
    [InlineData("file://{0}/%2E%2E%2Fsecret/hidden.mar")]
    [InlineData("file://{0}/..\\secret/hidden.mar")]
    [InlineData("file://{1}/hidden.mar")]
    [InlineData("file://localhost{1}/hidden.mar")]
    [InlineData("file://{0}/link.mar")]
    [InlineData("FILE://{1}/hidden.mar")]
    [InlineData("{1}/hidden.mar")]
    [InlineData("{2}-sibling/hidden.mar")]
    [InlineData("{2}/../secret/hidden.mar")]
    [InlineData("{2}/link.mar")]
    [InlineData("link.mar")]
    [InlineData("folder/hidden.mar")]
    [InlineData("folder")]
    [InlineData("./../store-sibling/hidden.mar")]
    [InlineData("..%2Fstore-sibling/hidden.mar")]
    [InlineData("/proc/self/environ")]
    [InlineData("local//etc/passwd")]
    [InlineData("http://127.0.0.1:1/hidden.mar")]
    [InlineData("\0")]
    [InlineData("twice.mar\0")]
    [InlineData("http://169.254.169.254/hidden.mar")]
    [InlineData("http://[::1]/hidden.mar")]
    public async Task Register_AnyOtherPlace_IsRefused(string url)
    {
        var (status, text) = await RegisterAsync(string.Format(System.Globalization.CultureInfo.InvariantCulture, url, Allowed, Secret, _bed.Store));
        Assert.True(status is 400 or 403 or 404, text);
        Assert.DoesNotContain("root:", text);
        Assert.Equal("{\n  \"models\": []\n}\n", (await _bed.GetAsync("/models")).Body);
        Assert.Empty(Directory.GetFiles(_bed.Store, ".*"));
    }
}
