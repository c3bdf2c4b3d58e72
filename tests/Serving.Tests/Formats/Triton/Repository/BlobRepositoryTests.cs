using System.Text;
using Granary.Serving.Clusters;
using Granary.Serving.Formats.Triton.Repository;
using Granary.Serving.Models;
using Granary.Serving.Sources;
using Granary.Serving.Sources.Blob;
using Granary.Serving.Tests.Sources.Blob;
using Granary.Serving.Tests.Support;
using Granary.Serving.Weights;
using Granary.Torch;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using NSubstitute;

namespace Granary.Serving.Tests.Formats.Triton.Repository;

/// <summary>A repository in Blob storage (azurite), served by the real sources, store, cluster and libtorch.</summary>
[Collection(AzuriteCollection.Name)]
public sealed class BlobRepositoryTests(Azurite azurite) : IAsyncLifetime
{
    private const string Config = """
        platform: "pytorch_libtorch"
        input { name: "x" data_type: TYPE_FP64 dims: [ -1, 8 ] }
        output { name: "y" data_type: TYPE_FP64 dims: [ -1 ] label_filename: "labels.txt" }
        """;

    private static readonly double[] Row = [8.3252, 41.0, 6.984127, 1.02381, 322.0, 2.555556, 37.88, -122.23];

    private readonly TempDirectory _folder = new();
    private ServiceProvider? _services;
    private string _container = "";

    private ServiceProvider Services => _services!;

    public async Task InitializeAsync() => _container = await azurite.ContainerAsync();

    public async Task DisposeAsync()
    {
        if (_services is not null)
            await _services.DisposeAsync();
        _folder.Dispose();
    }

    private ModelRepositoryManager Build(string repository)
    {
        var services = new ServiceCollection();
        services.AddSingleton(typeof(ILogger<>), typeof(NullLogger<>));
        services.AddSingleton<ILoggerFactory>(NullLoggerFactory.Instance);
        services.AddSingleton(Substitute.For<IHostApplicationLifetime>());
        services.AddModelSources();
        services.AddModelCatalog(options => options.Directory = Path.Combine(_folder.Path, "catalog"));
        services.AddWeightsStore(options =>
        {
            options.Directory = Path.Combine(_folder.Path, "weights");
            options.MinFreeBytes = 0;
        });
        services.AddModelCluster();
        services.AddModelRepositories();
        services.Configure<BlobStorageOptions>(options => options.ConnectionString = azurite.ConnectionString);
        services.Configure<ModelRepositoryOptions>(options =>
        {
            options.Paths = [repository];
            options.ControlMode = ModelControlMode.Poll;
            options.OverrideDirectory = Path.Combine(_folder.Path, "overrides");
        });
        _services = services.BuildServiceProvider();
        return Services.GetRequiredService<ModelRepositoryManager>();
    }

    private Task PutAsync(string path, string text) => azurite.PutAsync(_container, path, Encoding.UTF8.GetBytes(text));

    private async Task PutModelAsync(string path, string sample = "california_housing.pt") =>
        await azurite.PutAsync(_container, path, await File.ReadAllBytesAsync(Path.Combine(AppContext.BaseDirectory, "samples", sample)));

    private static async Task<string> IndexAsync(ModelRepositoryManager manager) =>
        string.Join(';', (await manager.IndexAsync(readyOnly: false)).Select(entry => $"{entry.Name} {entry.Version} {entry.State} {entry.Reason}".TrimEnd()));

    [Fact]
    public async Task Repository_InBlobStorage_IsServedAndItsWeightsAreCached()
    {
        await PutAsync("some/place/housing/config.pbtxt", Config);
        await PutAsync("some/place/housing/labels.txt", "value\n");
        await PutModelAsync("some/place/housing/1/model.pt");
        await PutAsync("some/place/.hidden/config.pbtxt", "");
        await PutAsync("some/place/readme.md", "no model");
        await PutAsync("elsewhere/other/config.pbtxt", Config);
        var manager = Build($"{azurite.Endpoint}/{_container}/some/place");

        Assert.Empty(await manager.StartAsync(default));

        Assert.Equal("housing 1 Ready", await IndexAsync(manager));
        var served = await Services.GetRequiredService<IServedModels>().GetAsync("housing", "");
        Assert.Equal($"blob/{_container}/some/place/housing/1/model.pt", served.Definition.Source.ToString());
        Assert.Equal(["value"], served.LabelsOf("y"));
        using var row = Tensor.From<double>(DType.Float64, [1, 8], Row);
        using var result = await Services.GetRequiredService<IModelCluster>().InferAsync(served.Key, new InferenceRequest { Inputs = served.Plan!.Arrange([row]) });
        Assert.Equal(4.151943045835225, ((Tensor)Assert.Single(served.Plan.Pick(result.Value))).As<double>()[0]);
        Assert.Equal(served.Definition.Source.ToString(), Assert.Single(Services.GetRequiredService<IWeightsInventory>().Contents()).Id);
    }

    [Fact]
    public async Task RoundAsync_BlobsComeChangeAndGo_AreFollowed()
    {
        await PutModelAsync("housing/1/model.pt");
        var manager = Build($"blob/{_container}");
        var clock = new ManualTimeProvider();
        var options = Services.GetRequiredService<IOptions<ModelRepositoryOptions>>().Value;
        var poller = new RepositoryPoller(manager, options, clock);
        await poller.BeginAsync(default);
        Assert.Empty(await manager.StartAsync(default));
        var catalog = Services.GetRequiredService<IModelCatalog>();
        var first = (await catalog.FindAsync("housing"))!.Default;

        async Task RoundsAsync()
        {
            await poller.RoundAsync(default);
            clock.Advance(options.SettleTime);
            await poller.RoundAsync(default);
        }

        // The same bytes again are another blob: only its tag says so.
        await PutModelAsync("housing/1/model.pt");
        await PutModelAsync("second/1/model.pt");
        await RoundsAsync();
        Assert.Equal("housing 1 Ready;second 1 Ready", await IndexAsync(manager));
        Assert.NotEqual(first.Annotations[RepositoryAnnotations.Stamp], (await catalog.FindAsync("housing"))!.Default.Annotations[RepositoryAnnotations.Stamp]);

        await azurite.DeleteAsync(_container, "second/1/model.pt");
        await PutAsync("housing/1/model.pt", "no model");
        await RoundsAsync();
        Assert.Null(await catalog.FindAsync("second"));
        // What cannot be loaded does not take the place of what serves.
        Assert.Equal("housing 1 Ready", (await IndexAsync(manager)).Split(';')[0]);
    }

    [Fact]
    public async Task StartAsync_ContainerThatIsNotThere_IsUnreadable()
    {
        var manager = Build("blob/no-such-container/models");

        Assert.Equal(["model repository 'blob/no-such-container/models' cannot be read"], await manager.StartAsync(default));
    }

    [Fact]
    public void Build_RepositoryInAnotherAccount_IsRefused()
    {
        var exception = Assert.Throws<ServingException>(() => Build("as://other/models"));

        Assert.Equal($"the model repository 'https://other.blob.core.windows.net/models' is in another storage account than AzureStorage configures ({azurite.Endpoint}); one account is used", exception.Message);
    }

    [Theory]
    [InlineData("../elsewhere")]
    [InlineData("a/b")]
    public async Task ScanAsync_NameThatIsAPath_FindsNothing(string name)
    {
        await PutAsync("models/a/b/config.pbtxt", Config);
        Build($"blob/{_container}/models");
        BlobRepositoryAddress.TryRead($"blob/{_container}/models", out var address, out _);

        Assert.Empty(await Services.GetRequiredService<BlobRepositories>().Open(address!).ListAsync(name, default));
    }

    [Fact]
    public async Task ReadAsync_BeyondTheLimit_IsRefused()
    {
        await PutAsync("models/a/config.pbtxt", Config);
        Build($"blob/{_container}/models");
        BlobRepositoryAddress.TryRead($"blob/{_container}/models", out var address, out _);
        var store = Services.GetRequiredService<BlobRepositories>().Open(address!);
        var file = Assert.Single(await store.ListAsync("a", default));

        Assert.Equal(Config, Encoding.UTF8.GetString(await store.ReadAsync(file, 1000, default)));
        Assert.Equal($"'a/config.pbtxt' has {file.Length} bytes; at most 10 are read", await Raises.ServingAsync(ServingError.TooLarge, () => store.ReadAsync(file, 10, default)));
        await azurite.DeleteAsync(_container, "models/a/config.pbtxt");
        Assert.StartsWith("'a/config.pbtxt' of the model repository cannot be read now: ", await Raises.ServingAsync(ServingError.SourceFailed, () => store.ReadAsync(file, 1000, default)), StringComparison.Ordinal);
    }
}
