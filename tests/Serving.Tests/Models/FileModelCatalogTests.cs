using Granary.Serving.Models;
using Granary.Serving.Tests.Support;
using Microsoft.Extensions.Options;

namespace Granary.Serving.Tests.Models;

public sealed class FileModelCatalogTests : IDisposable
{
    private readonly TempDirectory _temp = new();
    private readonly LineLogger<FileModelCatalog> _log = new();

    private string CatalogPath => Path.Combine(_temp.Path, "catalog.json");

    public void Dispose() => _temp.Dispose();

    [Fact]
    public async Task RegisterAsync_EveryField_SurvivesReopening()
    {
        using (var catalog = Open())
            await catalog.RegisterAsync(Definitions.Full);

        using var reopened = Open();
        var read = (await reopened.FindAsync("california"))!.Default;
        foreach (var property in typeof(ModelDefinition).GetProperties())
        {
            Assert.Equivalent(property.GetValue(Definitions.Full), property.GetValue(read), strict: true);
            Assert.NotEqual(property.GetValue(Definitions.Of("m", "1")), property.GetValue(Definitions.Full));
        }
    }

    [Fact]
    public async Task ReplaceAsync_OtherContent_TakesThePlaceAndKeepsTheDefault()
    {
        using var catalog = Open();
        await catalog.RegisterAsync(Definitions.Of("m", "1"));
        await catalog.RegisterAsync(Definitions.Of("m", "2"));

        await catalog.ReplaceAsync(Definitions.Of("m", "1") with { Device = "auto" });
        var revision = catalog.Revision;
        await catalog.ReplaceAsync(Definitions.Of("m", "1") with { Device = "auto" });
        await catalog.ReplaceAsync(Definitions.Of("n", "7"));

        var model = (await catalog.FindAsync("m"))!;
        Assert.Equal(("1", "auto", "cpu"), (model.DefaultVersion, model.Default.Device, model.Find("2")!.Device));
        Assert.Equal(revision + 1, catalog.Revision);
        Assert.Equal("7", (await catalog.FindAsync("n"))!.DefaultVersion);
    }

    [Fact]
    public async Task RegisterAsync_VersionsOutOfOrder_AreSortedAsNumbersAndTheFirstIsDefault()
    {
        using var catalog = Open();
        foreach (var version in (string[])["10", "2", "9", "1"])
            await catalog.RegisterAsync(Definitions.Of("m", version));

        var model = (await catalog.FindAsync("m"))!;
        Assert.Equal(["1", "2", "9", "10"], model.Versions.Select(static definition => definition.Version));
        Assert.Equal("10", model.DefaultVersion);
    }

    [Fact]
    public async Task RegisterAsync_SameContentAgain_IsAcceptedWithoutAWrite()
    {
        using var catalog = Open();
        await catalog.RegisterAsync(Definitions.Full);
        await catalog.RegisterAsync(Definitions.Full with { Inputs = [.. Definitions.Full.Inputs] });

        Assert.Equal(1, catalog.Revision);
    }

    [Fact]
    public async Task RegisterAsync_OtherContent_IsAlreadyExistsAndChangesNothing()
    {
        using var catalog = Open();
        await catalog.RegisterAsync(Definitions.Full);

        var message = await Raises.ServingAsync(ServingError.AlreadyExists,
            async () => await catalog.RegisterAsync(Definitions.Full with { Inputs = [] }));

        Assert.Contains("model 'california/12' exists with another definition", message, StringComparison.Ordinal);
        Assert.Single((await catalog.FindAsync("california"))!.Default.Inputs);
    }

    [Fact]
    public async Task RegisterAsync_InvalidDefinition_IsRefused()
    {
        using var catalog = Open();
        await Raises.ServingAsync(ServingError.InvalidArgument, async () => await catalog.RegisterAsync(Definitions.Of("m", "0")));
        Assert.Empty(await catalog.ListAsync());
    }

    [Fact]
    public async Task SetDefaultAsync_KnownAndUnknown_MovesOrIsNotFound()
    {
        using var catalog = Open();
        await catalog.RegisterAsync(Definitions.Of("m", "1"));
        await catalog.RegisterAsync(Definitions.Of("m", "2"));
        await catalog.SetDefaultAsync(new ModelKey("m", "2"));

        Assert.Equal("2", (await catalog.FindAsync("m"))!.DefaultVersion);
        await Raises.ServingAsync(ServingError.NotFound, async () => await catalog.SetDefaultAsync(new ModelKey("m", "3")));
        await Raises.ServingAsync(ServingError.NotFound, async () => await catalog.SetDefaultAsync(new ModelKey("n", "1")));
    }

    [Fact]
    public async Task DeleteAsync_Default_HandsOverToTheHighestAndTheLastTakesTheName()
    {
        using var catalog = Open();
        foreach (var version in (string[])["2", "10", "3"])
            await catalog.RegisterAsync(Definitions.Of("m", version));

        Assert.True(await catalog.DeleteAsync(new ModelKey("m", "2")));
        Assert.Equal("10", (await catalog.FindAsync("m"))!.DefaultVersion);
        Assert.False(await catalog.DeleteAsync(new ModelKey("m", "2")));
        Assert.True(await catalog.DeleteAsync(new ModelKey("m", "10")));
        Assert.True(await catalog.DeleteAsync(new ModelKey("m", "3")));
        Assert.Null(await catalog.FindAsync("m"));
    }

    [Fact]
    public async Task ListAsync_SeveralNames_AreSorted()
    {
        using var catalog = Open();
        foreach (var name in (string[])["b", "a", "C"])
            await catalog.RegisterAsync(Definitions.Of(name, "1"));

        Assert.Equal(["C", "a", "b"], (await catalog.ListAsync()).Select(static model => model.Name));
    }

    [Fact]
    public async Task FindAsync_AnyName_CompletesAtOnceWithoutAllocating()
    {
        using var catalog = Open();
        await catalog.RegisterAsync(Definitions.Of("m", "1"));
        var found = 0;

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
            found += catalog.FindAsync("m").IsCompletedSuccessfully ? 1 : 0;
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.Equal(1000, found);
        Assert.Equal(0, allocated);
    }

    [Fact]
    public async Task RegisterAsync_ManyAtOnce_LosesNone()
    {
        using (var catalog = Open())
        {
            await Parallel.ForAsync(0, 40, async (i, _) => await catalog.RegisterAsync(Definitions.Of($"m{i % 4}", $"{(i / 4) + 1}")));
            Assert.Equal(40, catalog.Revision);
        }

        using var reopened = Open();
        Assert.All(await reopened.ListAsync(), static model => Assert.Equal(10, model.Versions.Count));
        Assert.Equal(40, reopened.Revision);
    }

    [Fact]
    public void Open_DirectoryInUse_IsRefusedWithWhatToDo()
    {
        using var first = Open();
        var message = Raises.Serving(ServingError.Internal, () => Open());
        Assert.Contains("is in use by another process", message, StringComparison.Ordinal);
        Assert.Contains("Catalog:Directory", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("{\"schema\":1,\"revision\":1,\"models\":[")]
    [InlineData("{\"schema\":1,\"revision\":1,\"models\":null}")]
    [InlineData("{\"schema\":2,\"revision\":1,\"models\":[]}")]
    [InlineData("{\"schema\":1,\"revision\":1,\"models\":[],\"later\":1}")]
    [InlineData("{\"schema\":1,\"revision\":1,\"models\":[{\"name\":\"m\",\"defaultVersion\":\"1\",\"versions\":[]}]}")]
    [InlineData("{\"schema\":1,\"revision\":1,\"models\":[{\"name\":\"m\",\"defaultVersion\":\"1\",\"versions\":[{\"version\":\"1\",\"source\":\"../x\"}]}]}")]
    public void Open_CorruptFile_RefusesAndLeavesTheFile(string content)
    {
        File.WriteAllText(CatalogPath, content);

        var message = Raises.Serving(ServingError.Internal, () => Open());

        Assert.Contains("catalog.json cannot be read", message, StringComparison.Ordinal);
        Assert.Equal(content, File.ReadAllText(CatalogPath));
    }

    [Fact]
    public async Task Open_CorruptFileAndOperatorAgrees_KeepsItAsideAndStartsEmpty()
    {
        File.WriteAllText(CatalogPath, "broken");
        using var catalog = Open(startEmpty: true);

        Assert.Empty(await catalog.ListAsync());
        Assert.Equal("broken", File.ReadAllText(CatalogPath + ".corrupt-1"));
        Assert.Contains(_log.Lines, static line => line.StartsWith("Error: the catalog could not be read", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Open_HandWrittenFileWithCommentsAndDefaults_IsRead()
    {
        File.WriteAllText(CatalogPath, """
            { "schema": 1, "revision": 5, "models": [ { "name": "m", "defaultVersion": "1",
              "versions": [ { "version": "1", "source": "local/m.pt" }, ] } ] } // by hand
            """);
        using var catalog = Open();

        var definition = (await catalog.FindAsync("m"))!.Default;
        Assert.Equivalent(new ModelDefinition { Name = "m", Version = "1", Source = ModelIdParser.Parse("local/m.pt") }, definition, strict: true);
    }

    [Fact]
    public async Task RegisterAsync_KilledAtAnyInstant_KeepsEveryAcknowledgedVersion()
    {
        var acknowledged = 0;
        for (var round = 0; round < 12; round++)
        {
            using var victim = new ChildProcess("catalog-writer", _temp.Path, $"{acknowledged + 1}");
            for (var line = 0; line <= round * 3; line++)
                acknowledged = int.Parse((await victim.ReadLineAsync())!, null);
            foreach (var line in await victim.KillAsync())
                acknowledged = int.Parse(line, null);

            using var catalog = Open();
            var versions = (await catalog.FindAsync("m"))!.Versions;
            Assert.InRange(versions.Count, acknowledged, acknowledged + 1);
            Assert.Equal(Enumerable.Range(1, versions.Count).Select(static n => $"{n}"), versions.Select(static v => v.Version));
            acknowledged = versions.Count;
        }
    }

    private FileModelCatalog Open(bool startEmpty = false)
        => new(Options.Create(new CatalogOptions { Directory = _temp.Path, StartEmptyWhenCorrupt = startEmpty }), _log);
}
