using Granary.Serving.Models;
using Granary.Serving.Sources;
using Granary.Serving.Sources.Blob;
using Granary.Serving.Tests.Support;
using Granary.Serving.Weights;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Granary.Serving.Tests.Weights;

public sealed class RegistrationTests : IDisposable
{
    private readonly TempDirectory _temp = new();

    public void Dispose() => _temp.Dispose();

    [Fact]
    public async Task AddedFeatures_ConfiguredAndResolved_WorkTogether()
    {
        _temp.File("models/m.pt", "one");
        await using var provider = Provider(new()
        {
            ["Catalog:Directory"] = Path.Combine(_temp.Path, "catalog"),
            ["Weights:Directory"] = Path.Combine(_temp.Path, "weights"),
            ["LocalSource:Roots:0"] = Path.Combine(_temp.Path, "models"),
            ["SourcePolicy:AllowedSources:0"] = "Local",
            ["SourcePolicy:AllowedSources:1"] = "huggingface",
            ["SourcePolicy:AllowedOwners:HuggingFace:0"] = "good",
        });
        provider.GetRequiredService<IStartupValidator>().Validate();
        var policy = provider.GetRequiredService<ISourcePolicy>();
        await provider.GetRequiredService<IModelCatalog>().RegisterAsync(Models.Definitions.Of("m", "1"));
        using var lease = await provider.GetRequiredService<IWeightsStore>().AcquireAsync(ModelIdParser.Parse("local/m.pt"), default);

        Assert.Equal(3, lease.Length);
        Assert.Equal(1, provider.GetRequiredService<IWeightsStatistics>().Snapshot().Hits);
        Assert.True(File.Exists(Path.Combine(_temp.Path, "catalog", "catalog.json")));
        policy.Check(ModelIdParser.Parse("huggingface/good/n:f"), trusted: false);
        Raises.Serving(ServingError.PermissionDenied, () => policy.Check(ModelIdParser.Parse("huggingface/bad/n:f"), trusted: false));
        Raises.Serving(ServingError.PermissionDenied, () => policy.Check(ModelIdParser.Parse("arweave/good/n:f"), trusted: false));
    }

    [Fact]
    public async Task Validate_EveryOptionWrong_NamesAllAtOnce()
    {
        await using var provider = Provider(new()
        {
            ["Catalog:Directory"] = " ",
            ["Weights:Directory"] = "",
            ["Weights:MaxStoreBytes"] = "-1",
            ["Weights:MinFreeBytes"] = "-2",
            ["Weights:MaxAttempts"] = "0",
            ["Weights:StallTimeout"] = "00:00:00",
            ["LocalSource:Roots:0"] = "/nowhere/at/all",
            ["SourcePolicy:MaxFileBytes"] = "0",
            ["SourcePolicy:AllowedOwners:Arweave:0"] = "a/b/c",
            ["SourcePolicy:AllowedOwners:Local:0"] = "a",
            ["HuggingFace:Endpoint"] = "huggingface.co",
            ["HuggingFace:Token"] = "se\ncret",
            ["AzureStorage:BlobEndpoint"] = "acme",
            ["AzureStorage:Sas"] = "secret",
            ["SourceHttp:MaxAttempts"] = "0",
            ["SourceHttp:ConnectTimeout"] = "-00:00:01",
        });
        var error = Assert.Throws<AggregateException>(provider.GetRequiredService<IStartupValidator>().Validate);
        var message = string.Join('\n', error.InnerExceptions.Select(static inner => inner.Message));

        Assert.All(
            [
                "Catalog:Directory is empty", "Weights:Directory is empty", "Weights:MaxStoreBytes is -1", "Weights:MinFreeBytes is -2",
                "Weights:MaxAttempts is 0", "Weights:StallTimeout is 00:00:00", "'/nowhere/at/all', which is not a directory",
                "SourcePolicy:MaxFileBytes is 0", "AllowedOwners:Arweave holds 'a/b/c'", "AllowedOwners:Local means nothing",
                "HuggingFace:Endpoint is 'huggingface.co'", "HuggingFace:Token holds characters", "SourceHttp:MaxAttempts is 0",
                "SourceHttp:ConnectTimeout is -00:00:01", "AzureStorage:BlobEndpoint is not an address", "AzureStorage:Sas is not a shared access signature",
            ],
            part => Assert.Contains(part, message, StringComparison.Ordinal));
        Assert.DoesNotContain("cret", message, StringComparison.Ordinal);
    }

    private static ServiceProvider Provider(Dictionary<string, string?> settings)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(settings).Build();
        var services = new ServiceCollection().AddLogging().AddModelCatalog().AddModelSources().AddWeightsStore();
        services.Configure<CatalogOptions>(configuration.GetSection(CatalogOptions.SectionName));
        services.Configure<WeightsStoreOptions>(configuration.GetSection(WeightsStoreOptions.SectionName));
        services.Configure<LocalSourceOptions>(configuration.GetSection(LocalSourceOptions.SectionName));
        services.Configure<SourcePolicyOptions>(configuration.GetSection(SourcePolicyOptions.SectionName));
        services.Configure<HuggingFaceOptions>(configuration.GetSection(HuggingFaceOptions.SectionName));
        services.Configure<BlobStorageOptions>(configuration.GetSection(BlobStorageOptions.SectionName));
        services.Configure<SourceHttpOptions>(configuration.GetSection(SourceHttpOptions.SectionName));
        return services.BuildServiceProvider();
    }
}
