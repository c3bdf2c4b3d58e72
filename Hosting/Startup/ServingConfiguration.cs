using Granary.Serving.Activations;
using Granary.Serving.Clusters;
using Granary.Serving.Embeddings;
using Granary.Serving.Formats.Triton.Repository;
using Granary.Serving.Models;
using Granary.Serving.Responses;
using Granary.Serving.Servables;
using Granary.Serving.Sources;
using Granary.Serving.Sources.Arweave;
using Granary.Serving.Sources.Blob;
using Granary.Serving.Weights;

namespace Granary.Hosting.Startup;

/// <summary>Joins the options of the serving core, which knows no configuration, with the sections of <c>Granary:</c>.</summary>
internal static class ServingConfiguration
{
    /// <summary>Binds every options class of the core.</summary>
    public static IServiceCollection ConfigureServing(this IServiceCollection services, IConfiguration configuration)
    {
        var granary = configuration.GetSection("Granary");
        services.Configure<CatalogOptions>(granary.GetSection(CatalogOptions.SectionName));
        services.Configure<SourcePolicyOptions>(granary.GetSection(SourcePolicyOptions.SectionName));
        services.Configure<LocalSourceOptions>(granary.GetSection(LocalSourceOptions.SectionName));
        services.Configure<HuggingFaceOptions>(granary.GetSection(HuggingFaceOptions.SectionName));
        services.Configure<BlobStorageOptions>(granary.GetSection(BlobStorageOptions.SectionName));
        services.Configure<ArweaveOptions>(granary.GetSection(ArweaveOptions.SectionName));
        services.Configure<SourceHttpOptions>(granary.GetSection(SourceHttpOptions.SectionName));
        services.Configure<WeightsStoreOptions>(granary.GetSection(WeightsStoreOptions.SectionName));
        services.Configure<ActivationOptions>(granary.GetSection(ActivationOptions.SectionName));
        services.Configure<AdHocModelOptions>(granary.GetSection(AdHocModelOptions.SectionName));
        services.Configure<ModelMemoryOptions>(granary.GetSection(ModelMemoryOptions.SectionName));
        services.Configure<EmbeddingOptions>(granary.GetSection(EmbeddingOptions.SectionName));
        services.Configure<ResponseCacheOptions>(granary.GetSection(ResponseCacheOptions.SectionName));
        services.Configure<ServableCacheOptions>(granary.GetSection(ServableCacheOptions.SectionName));
        services.Configure<ModelRepositoryOptions>(granary.GetSection(ModelRepositoryOptions.SectionName));
        return services;
    }
}
